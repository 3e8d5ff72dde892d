// A task that never settles does not stop its schedule once its timeout has passed.
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { recordEvents, recorder, start } from "../../test/record.ts";
import { Scheduler } from "../scheduler.ts";
import type { Overlap, TaskRun } from "./options.ts";

const START = "2026-01-01T00:00:00.500Z";
const quiet = { onError: () => {} };

function stuck() {
  const { slots, task } = recorder();
  const signals: AbortSignal[] = [];
  return {
    slots,
    signals,
    task: (run: TaskRun) => {
      task(run);
      signals.push(run.signal);
      return new Promise<never>(() => {});
    },
  };
}

describe.each<Overlap>(["skip", "queue", "cancel", "allow"])("overlap: %s", (overlap) => {
  test("it is given up, reported, counted, and the next slot runs", async () => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    const { slots, signals, task } = stuck();
    const jobs = start(
      clock,
      new Scheduler({ clock, ...quiet }).cron("* * * * * *", task, { name: "t", overlap, timeoutMs: 300 }),
    );
    await clock.pass(4450);
    expect(slots).toHaveLength(4);
    expect(signals.every((signal) => signal.aborted)).toBe(true);
    expect(jobs.status()[0]).toMatchObject({ running: 0, runs: 4, failures: 4, abandoned: 4 });
    expect(events.find(({ event }) => event === "abandoned")).toEqual({
      event: "abandoned",
      name: "t",
      scheduledAt: new Date("2026-01-01T00:00:01Z"),
      attempt: 1,
      durationMs: 400,
    });
  });

  test("a slot that comes in the moment in which it may settle runs after it", async () => {
    const clock = new FakeClock(START);
    const { slots, task } = stuck();
    start(clock, new Scheduler({ clock, ...quiet }).cron("* * * * * *", task, { overlap, timeoutMs: 950 }));
    await clock.pass(1600);
    expect(slots).toHaveLength(2);
  });
});

test("every and after go on, too", async () => {
  const clock = new FakeClock(START);
  const [every, after] = [stuck(), stuck()];
  start(
    clock,
    new Scheduler({ clock, ...quiet })
      .every(1000, every.task, { timeoutMs: 2500 })
      .after(1000, after.task, { timeoutMs: 500 }),
  );
  await clock.pass(10_000);
  expect(every.slots.length).toBeGreaterThanOrEqual(4);
  expect(after.slots.length).toBeGreaterThanOrEqual(6);
});

test("it is tried again if it may be", async () => {
  const clock = new FakeClock(START);
  const attempts: number[] = [];
  const task = ({ attempt }: TaskRun) => {
    attempts.push(attempt);
    return attempt < 3 ? new Promise<never>(() => {}) : undefined;
  };
  const options = { name: "t", timeoutMs: 1000, retry: { attempts: 3, backoffMs: 10 } };
  const jobs = start(clock, new Scheduler({ clock, ...quiet }).cron("0 * * * * *", task, options));
  await clock.pass(70_000);
  expect(attempts).toEqual([1, 2, 3]);
  expect(jobs.status()[0]).toMatchObject({ abandoned: 2, failures: 0, last: { outcome: "success" } });
});

test("one that was cancelled and does not heed its signal is given up when its timeout has passed", async () => {
  const clock = new FakeClock(START);
  const { slots, task } = stuck();
  const jobs = start(
    clock,
    new Scheduler({ clock, ...quiet }).cron("* * * * * *", task, { overlap: "cancel", timeoutMs: 5000 }),
  );
  await clock.pass(20_000);
  expect(slots.length).toBeGreaterThanOrEqual(3);
  expect(jobs.status()[0]?.abandoned).toBeGreaterThanOrEqual(2);
});

test("what an abandoned task rejects with later is nobody's", async () => {
  const clock = new FakeClock(START);
  const errors: unknown[] = [];
  const late = Promise.withResolvers<never>();
  const scheduler = new Scheduler({ clock, onError: (error) => errors.push(error) });
  const jobs = start(
    clock,
    scheduler.cron("0 * * * * *", () => late.promise, { timeoutMs: 100 }),
  );
  await clock.pass(61_000);
  late.reject(new Error("late"));
  await clock.pass(10);
  expect(errors).toHaveLength(1);
  expect(jobs.status()[0]).toMatchObject({ failures: 1, abandoned: 1 });
});

test("stop waits for none that is abandoned, and names one that is not", async () => {
  const clock = new FakeClock(START);
  const jobs = new Scheduler({ clock, ...quiet })
    .cron("0 * * * * *", stuck().task, { name: "abandoned", timeoutMs: 100 })
    .cron("0 * * * * *", stuck().task, { name: "running" })
    .start();
  await clock.pass(61_000);
  const stopped = jobs.stop({ graceMs: 50 });
  await clock.pass(50);
  expect(await stopped).toEqual({ unfinished: ["running"] });
  expect(clock.pending).toBe(0);
});
