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
    [
      "timeoutMs 0",
      () => make().every(1, noop, { timeoutMs: 0 }),
      "timeoutMs must be a number of milliseconds, 1 or more; it was 0.",
    ],
    ["jitterMs -1", () => make().every(1, noop, { jitterMs: -1 }), "jitterMs must be"],
    ["graceMs NaN", () => make().every(1, noop, { graceMs: Number.NaN }), "graceMs must be"],
    [
      "attempts 0",
      () => make().every(1, noop, { retry: { attempts: 0, backoffMs: 1 } }),
      "retry.attempts must be",
    ],
    ["an invalid until", () => make().every(1, noop, { until: new Date("no") }), "until"],
    ["timeoutMs as text", () => make().every(1, noop, { timeoutMs: "5" as never }), 'it was "5".'],
    ["timeoutMs Infinity", () => make().every(1, noop, { timeoutMs: Infinity }), "it was Infinity."],
    ["graceMs null", () => make().cron("@daily", noop, { graceMs: null as never }), "graceMs must be"],
    ["jitterMs 1.5", () => make().every(1, noop, { jitterMs: 1.5 }), "jitterMs must be a whole number"],
    [
      "retry without backoffMs",
      () => make().every(1, noop, { retry: { attempts: 3 } as never }),
      "retry.backoffMs is missing",
    ],
    ["retry: 3", () => make().every(1, noop, { retry: 3 as never }), "retry must be an object; it was 3."],
    [
      "retry, misspelt within",
      () => make().every(1, noop, { retry: { attemps: 3, backoffMs: 1 } as never }),
      'unknown option "retry.attemps"; did you mean "retry.attempts"?',
    ],
    [
      "a misspelt option",
      () => make().cron("@daily", noop, { name: "mail", timeZone: "UTC" } as never),
      'Task "mail": unknown option "timeZone"; did you mean "timezone"?',
    ],
    [
      "overlap of every",
      () => make().every(1, noop, { overlap: "skip" } as never),
      'unknown option "overlap"',
    ],
    ["maxRuns of at", () => make().at(0, noop, { maxRuns: 1 } as never), 'unknown option "maxRuns"'],
    [
      "dayMatch AND",
      () => make().cron("0 0 0 1 * MON", noop, { dayMatch: "AND" as never }),
      'Did you mean "and"',
    ],
    ["once: {}", () => make().every(1, noop, { name: "a", once: {} as never }), "it has no claim()."],
    ["once: true", () => make().every(1, noop, { name: "a", once: true as never }), "it was true."],
    ["catchUpMs alone", () => make().cron("@daily", noop, { catchUpMs: 1 }), "catchUpMs needs `once`"],
    ["an empty name", () => make().every(1, noop, { name: "" }), "name must have 1 to 200 characters"],
    ["a name with NUL", () => make().every(1, noop, { name: "a\0" }), "none of them a control character"],
    [
      "options null",
      () => make().every(1, noop, null as never),
      "its options must be an object; it was null.",
    ],
    ["an interval as text", () => make().every("10 parsecs", noop), '"10 parsecs" is no length of time'],
    ["until as text", () => make().every(1, noop, { until: "2027" as never }), "until must be a valid Date"],
    [
      "a clock without now",
      () => new Scheduler({ clock: {} as never }),
      "clock must be a Clock; it has no now()",
    ],
    [
      "onError: true",
      () => new Scheduler({ onError: true as never }),
      "onError must be a function; it was true.",
    ],
    ["unref: 1", () => new Scheduler({ unref: 1 as never }), "unref must be a boolean; it was 1."],
    [
      "a misspelt option of the scheduler",
      () => new Scheduler({ onerror: noop } as never),
      'did you mean "onError"?',
    ],
    ["an unknown overlap", () => make().cron("@daily", noop, { overlap: "no" as never }), "overlap must be"],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
  });
});

test("options belong to the scheduler: what the caller does with the object later changes nothing", async () => {
  const clock = new FakeClock("2026-01-01T00:00:00Z");
  const { task, slots } = recorder();
  const options = { name: "a", maxRuns: 2, retry: { attempts: 1, backoffMs: 0 } };
  const scheduler = new Scheduler({ clock }).every(1000, task, options);
  options.maxRuns = 9;
  options.retry.attempts = 9;
  await using _jobs = scheduler.start();
  await clock.pass(5000);
  expect(slots).toHaveLength(2);
});

test("stop and nextRuns say what is wrong with their arguments", async () => {
  await using jobs = new Scheduler().cron("@daily", noop, { name: "a" }).start();
  for (const graceMs of [Number.NaN, -1, "5"]) {
    expect(() => jobs.stop({ graceMs: graceMs as never })).toThrow(
      "stop(): graceMs must be a number of milliseconds",
    );
  }
  expect(() => jobs.stop({ graceMS: 5 } as never)).toThrow('did you mean "graceMs"?');
  expect(() => jobs.nextRuns("a", Infinity)).toThrow("The count of nextRuns() must be a whole number");
  expect(jobs.status()[0]?.state).toBe("scheduled");
});

test("a scheduler starts once, and takes no task after that", async () => {
  const scheduler = new Scheduler().every(1000, noop).initialDelay(1000);
  await using _jobs = scheduler.start();
  expect(() => scheduler.start()).toThrow("started before");
  expect(() => scheduler.every(1, noop)).toThrow("has started");
});
