/**
 * Runs a task every 100 ms in a process of its own, and prints how far each start is from the grid, in milliseconds.
 * The earliest start of all stands for the grid, since it cannot be early.
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
      const offsets = starts.map((start, n) => start - n * INTERVAL);
      const grid = Math.min(...offsets);
      console.log(JSON.stringify(offsets.map((offset) => offset - grid)));
      void jobs.stop();
    },
    { maxRuns: RUNS },
  )
  .start();
