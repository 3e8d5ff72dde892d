/**
 * Keeps ten thousand different expressions, and parses a hundred thousand more in one loop; started with a heap that
 * holds no more than 100 MB, it ends well or not at all.
 */
import { CronSchedule } from "../../src/index.ts";

const expression = (n: number) =>
  `${n % 60} ${Math.floor(n / 60) % 60} ${Math.floor(n / 3600) % 24} ${1 + Math.floor(n / 86_400)} * *`;

const kept = Array.from({ length: 10_000 }, (_, n) =>
  CronSchedule.parse(expression(n), { timezone: "Europe/Berlin" }),
);
for (let n = 10_000; n < 110_000; n += 1) CronSchedule.parse(expression(n));
const now = new Date("2026-01-01T00:00:00Z");
console.log(`next ${kept.filter((schedule) => schedule.next(now) !== null).length}`);
