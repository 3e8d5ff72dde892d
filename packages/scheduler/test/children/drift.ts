/**
 * Runs a task again and again, and beside it a chain of timers, each set by the one before. Prints how far each start of
 * the task is from the grid, and how far the chain has drifted in the same time, in milliseconds. What else the machine
 * does makes both late: the task each time anew, the chain all times together.
 */
import { Scheduler } from "../../src/index.ts";

const INTERVAL = 25;
const RUNS = Number(process.argv[2] ?? 200);

const starts: number[] = [];
const began = performance.now();
let links = 0;
let timer: NodeJS.Timeout;
const chain = (): void => {
  timer = setTimeout(() => {
    links += 1;
    chain();
  }, INTERVAL);
};
chain();

const jobs = new Scheduler()
  .every(
    INTERVAL,
    () => {
      starts.push(performance.now());
      if (starts.length < RUNS) return;
      const drift = performance.now() - began - links * INTERVAL;
      clearTimeout(timer);
      console.log(JSON.stringify({ late: phases(), drift }));
      void jobs.stop();
    },
    { maxRuns: RUNS },
  )
  .start();

/**
 * The phase of the earliest start stands for the grid, since no start can be early; a slot that was passed over while the
 * machine did something else is no drift.
 */
function phases(): number[] {
  const first = starts[0] as number;
  const offsets = starts.map((start) => {
    const offset = start - first;
    return offset - Math.round(offset / INTERVAL) * INTERVAL;
  });
  const grid = Math.min(...offsets);
  return offsets.map((offset) => offset - grid);
}
