/**
 * What idle tasks cost: ten thousand of them in time, heap and CPU, and a hundred distinct cron expressions in heap.
 *
 * node --expose-gc scripts/scheduler-idle.ts [seconds to stay idle]
 */
import { CronSchedule, Scheduler } from "../packages/scheduler/src/index.ts";

const TASKS = 10_000;
const seconds = Number(process.argv[2] ?? 35);
const gc = globalThis.gc;
if (gc === undefined) throw new Error("Run this with node --expose-gc.");

const heap = () => {
  gc();
  return process.memoryUsage().heapUsed;
};
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const noop = () => {};

// Once through, so that code and time zone data are loaded before anything is measured.
await new Scheduler().every(1000, noop).cron("@daily", noop, { timezone: "Europe/Berlin" }).start().stop();

const before = heap();
const began = performance.now();
const scheduler = new Scheduler();
for (let n = 0; n < TASKS / 2; n += 1) {
  scheduler.every({ hours: 1, milliseconds: n }, noop, { name: `every-${n}` }).initialDelay({ minutes: 30 });
}
for (let n = 0; n < TASKS / 2; n += 1) {
  scheduler.cron("0 30 2 * * *", noop, { name: `cron-${n}`, timezone: "Europe/Berlin" });
}
const jobs = scheduler.start();
const created = performance.now() - began;
const used = heap() - before;

const cpuBefore = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const cpu = process.cpuUsage(cpuBefore);
const busy = (cpu.user + cpu.system) / 1000;
console.log(
  `${TASKS} idle tasks: created in ${created.toFixed(0)} ms, ${mb(used)} of heap ` +
    `(${(used / TASKS).toFixed(0)} bytes each), ${busy.toFixed(1)} ms of CPU in ${seconds} s ` +
    `(${(busy / seconds / 10).toFixed(3)} %)`,
);
const stopping = performance.now();
await jobs.stop();
console.log(`stopped in ${(performance.now() - stopping).toFixed(0)} ms`);

const withoutCron = heap();
const parsing = performance.now();
const schedules = Array.from({ length: 100 }, (_, n) =>
  CronSchedule.parse(`0 ${n % 60} ${Math.floor(n / 60)} * * *`, { timezone: "America/New_York" }),
);
const parsed = performance.now() - parsing;
const cron = heap() - withoutCron;
console.log(
  `${new Set(schedules).size} distinct cron expressions: parsed in ${parsed.toFixed(0)} ms, ${mb(cron)} of heap`,
);
if (used > 30e6 || cron > 20e6 || busy > seconds * 10) {
  console.error("That is more than was promised: 30 MB, 20 MB, 1 % of CPU.");
  process.exitCode = 1;
}
