import { describe, expect, test, vi } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { recordEvents, start } from "../../test/record.ts";
import type { Once, Slot } from "../once/once.ts";
import type { FailedRun, Task, TaskRun } from "./options.ts";
import { TaskTimeoutError } from "./run.ts";
import { Scheduler } from "../scheduler.ts";

const START = "2026-01-01T00:00:00.500Z";
const forever = () => new Promise<never>(() => {});

function failures() {
  const list: { error: unknown; run: FailedRun }[] = [];
  return { list, onError: (error: unknown, run: FailedRun) => void list.push({ error, run }) };
}

describe("errors", () => {
  test.each<[string, Task, unknown]>([
    [
      "throws synchronously",
      () => {
        throw new RangeError("sync");
      },
      new RangeError("sync"),
    ],
    ["rejects", () => Promise.reject(new RangeError("async")), new RangeError("async")],
    [
      "throws null",
      () => {
        throw null;
      },
      null,
    ],
    ["rejects with undefined", () => Promise.reject(undefined), undefined],
    ["throws a string", () => Promise.reject("text"), "text"],
  ])("a task that %s is reported once per run, and runs again", async (_, task, error) => {
    const clock = new FakeClock(START);
    const { list, onError } = failures();
    const events = recordEvents();
    const jobs = start(clock, new Scheduler({ clock, onError }).cron("* * * * * *", task, { name: "t" }));
    await clock.pass(2000);
    expect(list.map((failure) => failure.error)).toEqual([error, error]);
    expect(list[0]?.run).toEqual({
      name: "t",
      scheduledAt: new Date("2026-01-01T00:00:01Z"),
      attempt: 1,
      willRetry: false,
    });
    expect(events.filter(({ event }) => event === "error")).toHaveLength(2);
    expect(jobs.status()[0]).toMatchObject({ failures: 2, state: "scheduled" });
  });

  test("an onError that throws ends nothing", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const clock = new FakeClock(START);
    const onError = () => {
      throw new Error("onError itself");
    };
    let runs = 0;
    const task = () => {
      runs += 1;
      throw new Error("task");
    };
    start(clock, new Scheduler({ clock, onError }).cron("* * * * * *", task));
    await clock.pass(3000);
    expect(runs).toBe(3);
    expect(log).toHaveBeenCalledTimes(3);
    log.mockRestore();
  });

  test("a task knows its name, its slot, its attempt, and has a signal", async () => {
    const clock = new FakeClock(START);
    const runs: TaskRun[] = [];
    start(
      clock,
      new Scheduler({ clock }).cron("* * * * * *", (run) => runs.push(run), { name: "t" }),
    );
    await clock.pass(500);
    expect(runs).toEqual([
      {
        name: "t",
        scheduledAt: new Date("2026-01-01T00:00:01Z"),
        attempt: 1,
        signal: expect.any(AbortSignal),
      },
    ]);
    expect(runs[0]?.signal.aborted).toBe(false);
  });
});

describe("retry", () => {
  test("a failed run is tried again, after twice as long each time", async () => {
    const clock = new FakeClock(START);
    const { list, onError } = failures();
    const attempts: [number, number][] = [];
    const task = ({ attempt }: TaskRun) => {
      attempts.push([attempt, clock.monotonic()]);
      if (attempt < 4) throw new Error(`attempt ${attempt}`);
    };
    const jobs = start(
      clock,
      new Scheduler({ clock, onError }).cron("0 * * * * *", task, {
        retry: { attempts: 5, backoffMs: 1000 },
      }),
    );
    await clock.pass(70_000);
    expect(attempts).toEqual([
      [1, 59_500],
      [2, 60_500],
      [3, 62_500],
      [4, 66_500],
    ]);
    expect(list.map(({ run }) => run.willRetry)).toEqual([true, true, true]);
    expect(jobs.status()[0]).toMatchObject({ failures: 0, last: { outcome: "success" } });
  });

  test("after the last attempt the run has failed", async () => {
    const clock = new FakeClock(START);
    const { list, onError } = failures();
    const task = () => Promise.reject(new Error("no"));
    const jobs = start(
      clock,
      new Scheduler({ clock, onError }).cron("0 * * * * *", task, { retry: { attempts: 2, backoffMs: 10 } }),
    );
    await clock.pass(61_000);
    expect(list.map(({ run }) => [run.attempt, run.willRetry])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect(jobs.status()[0]).toMatchObject({ failures: 1, runs: 1 });
  });

  test("no retry starts at or after the next slot", async () => {
    const clock = new FakeClock(START);
    const { list, onError } = failures();
    const task = () => Promise.reject(new Error("no"));
    start(
      clock,
      new Scheduler({ clock, onError }).cron("* * * * * *", task, { retry: { attempts: 9, backoffMs: 300 } }),
    );
    await clock.pass(1499);
    expect(list.map(({ run }) => [run.attempt, run.willRetry])).toEqual([
      [1, true],
      [2, true],
      [3, false], // would start 2100 ms after the slot
    ]);
    await clock.pass(1);
    expect(list).toHaveLength(4);
  });

  test("a stop while waiting for a retry does not wait for it", async () => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    const { onError } = failures();
    const task = () => Promise.reject(new Error("no"));
    const jobs = new Scheduler({ clock, onError })
      .cron("0 * * * * *", task, { retry: { attempts: 3, backoffMs: 5000 } })
      .start();
    await clock.pass(60_000);
    expect(await jobs.stop()).toEqual({ unfinished: [] });
    expect(events.at(-2)).toMatchObject({ event: "skipped", reason: "stopped" });
    expect(clock.pending).toBe(0);
  });

  test("trigger waits for the retries, and tells the end", async () => {
    const clock = new FakeClock(START);
    const { onError } = failures();
    const task = ({ attempt }: TaskRun) => {
      if (attempt < 3) throw new Error("not yet");
    };
    const jobs = start(
      clock,
      new Scheduler({ clock, onError }).cron("@daily", task, {
        name: "t",
        retry: { attempts: 3, backoffMs: 100 },
      }),
    );
    const outcome = jobs.trigger("t");
    await clock.pass(300);
    expect(await outcome).toBe("success");
  });
});

describe("timeout", () => {
  test("the signal aborts, the failure is reported then, and the run counts as running until it settles", async () => {
    const clock = new FakeClock(START);
    const { list, onError } = failures();
    const settle = Promise.withResolvers<void>();
    let reason: unknown;
    const task = ({ signal }: TaskRun) => {
      signal.addEventListener("abort", () => (reason = signal.reason));
      return settle.promise;
    };
    const jobs = start(
      clock,
      new Scheduler({ clock, onError }).cron("* * * * * *", task, { timeoutMs: 200, name: "t" }),
    );
    await clock.pass(699);
    expect(list).toEqual([]);
    await clock.pass(1);
    expect(list).toHaveLength(1);
    expect(list[0]?.error).toBeInstanceOf(TaskTimeoutError);
    expect(reason).toBe(list[0]?.error);
    expect(jobs.status()[0]?.running).toBe(1);
    settle.resolve();
    await clock.pass(0);
    expect(jobs.status()[0]).toMatchObject({ running: 0, failures: 1, last: { outcome: "error" } });
    expect(list).toHaveLength(1);
  });

  test("what a task rejects with after its timeout is not reported again", async () => {
    const clock = new FakeClock(START);
    const { list, onError } = failures();
    const task = ({ signal }: TaskRun) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("late"))));
    start(clock, new Scheduler({ clock, onError }).cron("* * * * * *", task, { timeoutMs: 200 }));
    await clock.pass(1400);
    expect(list).toHaveLength(1);
  });

  test("a run that timed out is tried again once it has settled, with a fresh signal", async () => {
    const clock = new FakeClock(START);
    const { onError } = failures();
    const signals: boolean[] = [];
    const task = ({ signal, attempt }: TaskRun) => {
      signals.push(signal.aborted);
      if (attempt === 2) return;
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const jobs = start(
      clock,
      new Scheduler({ clock, onError }).cron("0 * * * * *", task, {
        timeoutMs: 1000,
        retry: { attempts: 2, backoffMs: 1000 },
      }),
    );
    await clock.pass(62_000);
    expect(signals).toEqual([false, false]);
    expect(jobs.status()[0]).toMatchObject({ runs: 1, last: { outcome: "success" } });
  });
});

describe("once", () => {
  const options = (once: Once) => ({ once, name: "shared" });

  test("the slot is claimed by name and time, and run when the claim is granted", async () => {
    const clock = new FakeClock(START);
    const claims: Slot[] = [];
    const claim = (slot: Slot) => {
      claims.push(slot);
      return Promise.resolve(claims.length === 1);
    };
    let runs = 0;
    const events = recordEvents();
    const jobs = start(
      clock,
      new Scheduler({ clock }).cron("* * * * * *", () => (runs += 1), options({ claim })),
    );
    await clock.pass(1600);
    expect(runs).toBe(1);
    expect(claims[0]).toEqual({
      name: "shared",
      scheduledAt: new Date("2026-01-01T00:00:01Z"),
      keepMs: 3_601_000,
      claimant: expect.any(String),
    });
    expect(events).toContainEqual(expect.objectContaining({ event: "skipped", reason: "claimed" }));
    expect(jobs.status()[0]?.runs).toBe(1);
  });

  test("every takes slots that are the same on every instance", async () => {
    const clock = new FakeClock("2026-01-01T00:07:13.123Z");
    const slots: string[] = [];
    const claim = ({ scheduledAt }: Slot) => {
      slots.push(scheduledAt.toISOString().slice(11, 23));
      return Promise.resolve(true);
    };
    start(
      clock,
      new Scheduler({ clock }).every({ minutes: 10 }, () => {}, options({ claim })),
    );
    await clock.pass(25 * 60_000);
    expect(slots).toEqual(["00:10:00.000", "00:20:00.000", "00:30:00.000"]);
  });

  test.each<[string, Once["claim"]]>([
    ["rejects", () => Promise.reject(new Error("connection refused"))],
    [
      "throws",
      () => {
        throw new Error("connection refused");
      },
    ],
    ["never answers", forever],
  ])("a database that %s: the slot is skipped with an event, the next ones come", async (_, broken) => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    let runs = 0;
    let isUp = false;
    const claim: Once["claim"] = (slot) => (isUp ? Promise.resolve(true) : broken(slot));
    start(
      clock,
      new Scheduler({ clock }).cron("*/10 * * * * *", () => (runs += 1), options({ claim })),
    );
    await clock.pass(16_000);
    expect(runs).toBe(0);
    expect(events).toContainEqual({
      event: "skipped",
      name: "shared",
      scheduledAt: new Date("2026-01-01T00:00:10Z"),
      reason: "unavailable",
      error: expect.any(Error),
    });
    isUp = true;
    await clock.pass(10_000);
    expect(runs).toBe(1);
  });

  test("a busy instance does not claim, so that another one can", async () => {
    const clock = new FakeClock(START);
    let claims = 0;
    const claim = () => {
      claims += 1;
      return Promise.resolve(true);
    };
    start(clock, new Scheduler({ clock }).cron("* * * * * *", forever, options({ claim })));
    await clock.pass(5000);
    expect(claims).toBe(1);
  });

  test("a slot that was claimed when stop began is still run, since no other instance will", async () => {
    const clock = new FakeClock(START);
    const answer = Promise.withResolvers<boolean>();
    let runs = 0;
    const jobs = new Scheduler({ clock })
      .cron("* * * * * *", () => (runs += 1), options({ claim: () => answer.promise }))
      .start();
    await clock.pass(500);
    const stopped = jobs.stop();
    answer.resolve(true);
    expect(await stopped).toEqual({ unfinished: [] });
    expect(runs).toBe(1);
  });

  test("trigger asks nobody", async () => {
    const clock = new FakeClock(START);
    let runs = 0;
    const claim = () => Promise.resolve(false);
    const jobs = start(
      clock,
      new Scheduler({ clock }).cron("@daily", () => (runs += 1), options({ claim })),
    );
    expect(await jobs.trigger("shared")).toBe("success");
    expect(runs).toBe(1);
  });
});
