import { describe, expect, test, vi } from "vitest";
import { FakeClock } from "../test/fake-clock.ts";
import { recorder } from "../test/record.ts";
import { Scheduler } from "./scheduler.ts";

const noop = () => {};

test("the chain of the original works, and the delay belongs to the task before it", async () => {
  const clock = new FakeClock("2026-01-01T00:00:00Z");
  const [every, after, cron] = [recorder(), recorder(), recorder()];
  const jobs = new Scheduler({ clock })
    .every(1000, every.task)
    .after(1000, after.task)
    .cron("*/2 * * * * *", cron.task)
    .initialDelay(3000)
    .start();
  await clock.pass(4000);
  expect(every.slots).toHaveLength(5);
  expect(after.slots.length).toBeGreaterThanOrEqual(4);
  expect(cron.slots).toEqual(["2026-01-01T00:00:04.000Z"]);
  await jobs.stop();
});

test("a store with purgeExpired() is purged every hour", async () => {
  const clock = new FakeClock("2026-01-01T00:00:00Z");
  const store = { purged: 0, purgeExpired: () => (store.purged += 1) };
  await using _jobs = new Scheduler({ clock }).every({ hours: 1 }, () => store.purgeExpired()).start();
  await clock.pass(3 * 3_600_000);
  expect(store.purged).toBe(4);
});

test("without onError, an error is written to the console", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(noop);
  const clock = new FakeClock("2026-01-01T00:00:00Z");
  const error = new Error("no");
  const fail = () => {
    throw error;
  };
  await using _jobs = new Scheduler({ clock }).every(1000, fail, { name: "failing" }).start();
  await clock.pass(0);
  await clock.pass(1);
  expect(log).toHaveBeenCalledWith('Scheduled task "failing" failed on attempt 1:', error);
  log.mockRestore();
});

describe("what is wrong with a task is said when it is named", () => {
  const make = () => new Scheduler();
  const once = { claim: () => Promise.resolve(true) };
  test.each<[string, () => unknown, string]>([
    ["interval 0", () => make().every(0, noop), "The interval of every() must be"],
    ["delay NaN", () => make().after(Number.NaN, noop), "The delay of after() must be"],
    ["no function", () => make().every(1, "no" as never), "must be a function"],
    [
      "a name twice",
      () => make().every(1, noop, { name: "a" }).after(1, noop, { name: "a" }),
      'a task "a" already',
    ],
    ["initialDelay first", () => make().initialDelay(1), "there is none yet"],
    ["a bad expression", () => make().cron("nonsense", noop), "is not valid"],
    ["an impossible date", () => make().cron("0 0 0 31 2 *", noop), "never comes"],
    ["an ambiguous day", () => make().cron("0 0 0 1 * MON", noop), "dayMatch"],
    ["once without a name", () => make().every(1000, noop, { once }), "needs a name"],
    [
      "once with after",
      () => make().after(1000, noop, { name: "a", once } as never),
      "after() cannot take `once`",
    ],
    ["maxRuns 0", () => make().every(1, noop, { maxRuns: 0 }), "maxRuns must be a whole number, 1 or more"],
    ["timeoutMs 0", () => make().every(1, noop, { timeoutMs: 0 }), "timeoutMs must be 1 or more"],
    ["jitterMs -1", () => make().every(1, noop, { jitterMs: -1 }), "jitterMs must be"],
    ["graceMs NaN", () => make().every(1, noop, { graceMs: Number.NaN }), "graceMs must be"],
    [
      "attempts 0",
      () => make().every(1, noop, { retry: { attempts: 0, backoffMs: 1 } }),
      "retry.attempts must be",
    ],
    ["an invalid until", () => make().every(1, noop, { until: new Date("no") }), "until"],
    ["an unknown overlap", () => make().cron("@daily", noop, { overlap: "no" as never }), "overlap must be"],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
  });
});

test("a scheduler starts once, and takes no task after that", async () => {
  const scheduler = new Scheduler().every(1000, noop).initialDelay(1000);
  await using _jobs = scheduler.start();
  expect(() => scheduler.start()).toThrow("started before");
  expect(() => scheduler.every(1, noop)).toThrow("has started");
});
