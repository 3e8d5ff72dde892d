import { expect, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { recordEvents, start } from "../../test/record.ts";
import { Scheduler } from "../scheduler.ts";

test("each event carries what it promises", async () => {
  const clock = new FakeClock("2026-01-01T00:00:59.000Z");
  const events = recordEvents();
  const error = new Error("no");
  let runs = 0;
  const task = async () => {
    runs += 1;
    clock.block(20);
    if (runs === 2) throw error;
    if (runs === 3) await new Promise<void>((resolve) => clock.setTimeout(resolve, 90_000));
  };
  const jobs = start(
    clock,
    new Scheduler({ clock, onError: () => {} }).cron("0 * * * * *", task, { name: "t" }),
  );
  await clock.pass(1000 + 3 * 60_000 + 40_000);
  clock.block(100_000);
  await clock.pass(1000);
  await jobs.stop();

  const minute = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, n));
  const [first, second, third] = [1, 2, 3].map((n) => ({ name: "t", scheduledAt: minute(n), attempt: 1 }));
  expect(events).toEqual([
    { event: "run", ...first, lateMs: 0 },
    { event: "success", ...first, durationMs: 20 },
    { event: "run", ...second, lateMs: expect.any(Number) },
    { event: "error", ...second, durationMs: 20, error, willRetry: false },
    { event: "run", ...third, lateMs: expect.any(Number) },
    { event: "skipped", name: "t", scheduledAt: minute(4), reason: "overlap" },
    { event: "success", ...third, durationMs: expect.any(Number) },
    { event: "missed", name: "t", from: minute(5), to: minute(5), lateMs: expect.any(Number) },
    { event: "run", name: "t", scheduledAt: minute(6), attempt: 1, lateMs: expect.any(Number) },
    { event: "success", name: "t", scheduledAt: minute(6), attempt: 1, durationMs: 20 },
    { event: "stopped", unfinished: [] },
  ]);
});
