/**
 * Runs a task every 100 ms in a process of its own, and prints how far each start is from the grid, in milliseconds.
 * The phase of the earliest start stands for the grid, since no start can be early; a slot that was passed over while
 * the machine did something else is no drift.
 */
import { Scheduler } from "../../src/index.ts";

const INTERVAL = 100;
const RUNS = Number(process.argv[2] ?? 200);

const starts: number[] = [];
const jobs = new Scheduler()
  .every(
    INTERVAL,
    () => {
      starts.push(performance.now());
      if (starts.length < RUNS) return;
      const first = starts[0] as number;
      const phases = starts.map((start) => {
        const offset = start - first;
        return offset - Math.round(offset / INTERVAL) * INTERVAL;
      });
      const grid = Math.min(...phases);
      console.log(JSON.stringify(phases.map((phase) => phase - grid)));
      void jobs.stop();
    },
    { maxRuns: RUNS },
  )
  .start();
