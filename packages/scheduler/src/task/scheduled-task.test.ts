import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { recordEvents, recorder, start } from "../../test/record.ts";
import { Scheduler } from "../scheduler.ts";
import type { SchedulerHandle } from "../handle.ts";

const START = "2026-01-01T00:00:00.000Z";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A task that takes a time by the clock, and how often it started. */
function slowTask(clock: FakeClock, milliseconds: number) {
  const state = {
    starts: [] as number[],
    running: 0,
    most: 0,
    task: () => {
      state.starts.push(clock.monotonic());
      state.running += 1;
      state.most = Math.max(state.most, state.running);
      return new Promise<void>((resolve) => {
        clock.setTimeout(() => {
          state.running -= 1;
          resolve();
        }, milliseconds);
      });
    },
  };
  return state;
}

const times = (slots: string[]) => slots.map((slot) => slot.slice(11, 19));
const state = (jobs: SchedulerHandle) => jobs.status()[0]?.state;

describe("every", () => {
  test("runs at the start and then on a grid that no run moves", async () => {
    const clock = new FakeClock(START);
    const starts: number[] = [];
    const task = () => {
      starts.push(clock.monotonic());
      clock.block(30);
    };
    start(clock, new Scheduler({ clock }).every(100, task));
    await clock.pass(100_000);
    expect(starts.length).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...starts.slice(1).map((time) => time % 100))).toBeLessThanOrEqual(1);
  });

  test("a run that took longer is followed by one run at once, then by the grid; it never overlaps", async () => {
    const clock = new FakeClock(START);
    const slow = slowTask(clock, 250);
    start(clock, new Scheduler({ clock }).every(100, slow.task).initialDelay(100));
    await clock.pass(1000);
    expect(slow.most).toBe(1);
    expect(slow.starts.slice(0, 3)).toEqual([100, 351, 602]);
  });

  test("is back on the grid after one long run", async () => {
    const clock = new FakeClock(START);
    const starts: number[] = [];
    const task = () => {
      starts.push(clock.monotonic());
      if (starts.length === 2) clock.block(250);
    };
    start(clock, new Scheduler({ clock }).every(100, task).initialDelay(100));
    await clock.pass(700);
    expect(starts).toEqual([100, 200, 450, 500, 600, 700]);
  });

  test("sets back and forth of the wall clock do not touch it", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).every(1000, task).initialDelay(1000));
    await clock.pass(2000);
    clock.stepWall(HOUR);
    await clock.pass(2000);
    clock.stepWall(-2 * HOUR);
    await clock.pass(2000);
    expect(slots).toHaveLength(6);
  });
});

describe("after", () => {
  test("the delay counts from the moment the run settled, whatever its outcome", async () => {
    const clock = new FakeClock(START);
    const slow = slowTask(clock, 250);
    const task = async () => {
      await slow.task();
      throw new Error("it does not matter");
    };
    start(clock, new Scheduler({ clock, onError: () => {} }).after(100, task).initialDelay(100));
    await clock.pass(1000);
    expect(slow.starts).toEqual([100, 450, 800]);
  });

  test("a delay of 30 days does not fire before", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).after({ days: 30 }, task).initialDelay({ days: 30 }));
    await clock.pass(30 * DAY - 1);
    expect(slots).toEqual([]);
    await clock.pass(1);
    expect(slots).toEqual(["2026-01-31T00:00:00.000Z"]);
    await clock.pass(30 * DAY);
    expect(slots).toHaveLength(2);
  });

  test("a run by trigger starts the delay anew", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    const jobs = start(clock, new Scheduler({ clock }).after(1000, task, { name: "t" }).initialDelay(1000));
    await clock.pass(600);
    await jobs.trigger("t");
    await clock.pass(999);
    expect(slots).toHaveLength(1);
    await clock.pass(1);
    expect(slots).toHaveLength(2);
  });
});

describe("cron and the wall clock", () => {
  test("each slot is run once, at its time", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).cron("0 0 * * * *", task));
    await clock.pass(DAY);
    expect(slots).toHaveLength(24);
    expect(new Set(slots).size).toBe(24);
  });

  test("set forward by an hour: the latest missed slot runs once if it is not too late", async () => {
    const clock = new FakeClock("2026-01-01T00:30:00.000Z");
    const events = recordEvents();
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).cron("0 */10 * * * *", task));
    await clock.pass(1000);
    clock.stepWall(HOUR);
    await clock.pass(MINUTE);
    expect(times(slots)).toEqual(["01:30:00"]);
    expect(events.filter(({ event }) => event === "missed")).toEqual([
      expect.objectContaining({
        from: new Date("2026-01-01T00:40:00Z"),
        to: new Date("2026-01-01T01:20:00Z"),
      }),
    ]);
  });

  test("set forward past a slot by more than the grace: missed, with an event, and the next one comes", async () => {
    const clock = new FakeClock("2026-01-01T00:55:00.000Z");
    const events = recordEvents();
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).cron("0 0 * * * *", task));
    clock.stepWall(HOUR - 10 * MINUTE); // 01:45
    await clock.pass(20 * MINUTE);
    expect(times(slots)).toEqual(["02:00:00"]);
    const slot = new Date("2026-01-01T01:00:00Z");
    expect(events.filter(({ event }) => event === "missed")).toEqual([
      expect.objectContaining({ from: slot, to: slot, lateMs: 45 * MINUTE + 30_000 }),
    ]);
  });

  test("a grace of its own lets a late slot run", async () => {
    const clock = new FakeClock("2026-01-01T00:55:00.000Z");
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).cron("0 0 * * * *", task, { graceMs: HOUR }));
    clock.stepWall(50 * MINUTE);
    await clock.pass(MINUTE);
    expect(times(slots)).toEqual(["01:00:00"]);
  });

  test("set back by an hour: a fixed time is not repeated", async () => {
    const clock = new FakeClock("2026-01-01T01:55:00.000Z");
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).cron("0 0 2 * * *", task));
    await clock.pass(10 * MINUTE); // 02:05
    clock.stepWall(-HOUR);
    await clock.pass(2 * HOUR);
    expect(slots).toEqual(["2026-01-01T02:00:00.000Z"]);
    await clock.pass(DAY);
    expect(slots).toHaveLength(2);
  });

  test("set back by a day and more: still not repeated, and not silent for a day", async () => {
    const clock = new FakeClock("2026-01-01T00:00:00.000Z");
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).cron("0 0 2 * * *", task));
    await clock.pass(2 * DAY); // ran on the 1st and the 2nd
    clock.stepWall(-10 * DAY);
    await clock.pass(3 * DAY); // 24 to 27 December
    expect(slots).toHaveLength(5);
    await clock.pass(8 * DAY); // to 4 January, over the slots that were run
    expect(new Set(slots).size).toBe(slots.length);
    expect(slots).toContain("2026-01-03T02:00:00.000Z");
  });

  test("set back, and then forward over slots that were run: still not repeated", async () => {
    const clock = new FakeClock("2026-01-01T00:00:00.000Z");
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).cron("0 0 2 * * *", task, { graceMs: DAY }));
    await clock.pass(2 * DAY);
    clock.stepWall(-10 * DAY);
    await clock.pass(MINUTE);
    clock.stepWall(10 * DAY);
    await clock.pass(MINUTE);
    expect(slots).toEqual(["2026-01-01T02:00:00.000Z", "2026-01-02T02:00:00.000Z"]);
    await clock.pass(DAY);
    expect(slots).toHaveLength(3);
  });

  test("set back by an hour: an interval goes on by the new time", async () => {
    const clock = new FakeClock("2026-01-01T01:55:30.000Z");
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).cron("0 * * * * *", task));
    await clock.pass(2 * MINUTE);
    clock.stepWall(-HOUR);
    await clock.pass(3 * MINUTE);
    expect(times(slots)).toEqual(["01:56:00", "01:57:00", "00:58:00", "00:59:00", "01:00:00"]);
  });

  test.each([true, false])(
    "8 hours of sleep (monotonic clock goes on: %s) are one late run or none",
    async (goesOn) => {
      const clock = new FakeClock("2026-01-01T00:00:30.000Z");
      const events = recordEvents();
      const [minutely, hourly, every] = [recorder(), recorder(), recorder()];
      start(
        clock,
        new Scheduler({ clock })
          .cron("0 * * * * *", minutely.task, { name: "minutely" })
          .cron("0 20 * * * *", hourly.task, { name: "hourly" })
          .every({ minutes: 10 }, every.task, { name: "every" }),
      );
      await clock.pass(1000);
      clock.sleep(8 * HOUR, { monotonicGoesOn: goesOn });
      await clock.pass(25_000); // 08:00:56
      clock.block(10_000);
      await clock.pass(0);
      expect(minutely.slots.length).toBeLessThanOrEqual(2);
      expect(hourly.slots).toEqual([]);
      expect(every.slots).toHaveLength(goesOn ? 2 : 1);
      const missed = events.flatMap((event) => (event.event === "missed" ? [event.name] : []));
      expect(missed).toContain("minutely");
      expect(missed).toContain("hourly");
      const before = minutely.slots.length;
      await clock.pass(10 * MINUTE);
      expect(minutely.slots.length - before).toBe(10);
    },
  );
});

describe("overlap", () => {
  async function run(overlap: "skip" | "queue" | "allow" | "cancel", takes: number, lasts: number) {
    const clock = new FakeClock("2026-01-01T00:00:00.500Z");
    const events = recordEvents();
    const aborted: string[] = [];
    const slots: string[] = [];
    let running = 0;
    let most = 0;
    start(
      clock,
      new Scheduler({ clock }).cron(
        "* * * * * *",
        async ({ signal, scheduledAt }) => {
          slots.push(scheduledAt.toISOString().slice(17, 19));
          running += 1;
          most = Math.max(most, running);
          await new Promise<void>((resolve, reject) => {
            clock.setTimeout(resolve, takes);
            signal.addEventListener("abort", () => {
              aborted.push(scheduledAt.toISOString().slice(17, 19));
              reject(signal.reason);
            });
          }).finally(() => (running -= 1));
        },
        { overlap },
      ),
    );
    await clock.pass(lasts);
    const reasons = events.flatMap((event) => (event.event === "skipped" ? [event.reason] : []));
    const errors = events.filter(({ event }) => event === "error").length;
    return { slots, most, aborted, reasons, errors };
  }

  test("skip leaves out what comes while a run goes on", async () => {
    const { slots, most, reasons } = await run("skip", 2200, 7000);
    expect(slots).toEqual(["01", "04", "07"]);
    expect(most).toBe(1);
    expect(new Set(reasons)).toEqual(new Set(["overlap"]));
  });

  test("queue lets one wait, and leaves out the rest", async () => {
    const { slots, most, reasons } = await run("queue", 2200, 6600);
    expect(slots).toEqual(["01", "02", "04"]);
    expect(most).toBe(1);
    expect(reasons).toContain("overlap");
  });

  test("allow runs all of them", async () => {
    const { slots, most, reasons } = await run("allow", 2200, 5500);
    expect(slots).toEqual(["01", "02", "03", "04", "05", "06"]);
    expect(most).toBe(3);
    expect(reasons).toEqual([]);
  });

  test("cancel aborts the running one, which is no error, and runs the next once it has settled", async () => {
    const { slots, most, aborted, reasons, errors } = await run("cancel", 2200, 3600);
    expect(slots).toEqual(["01", "02", "03", "04"]);
    expect(aborted.slice(0, 3)).toEqual(["01", "02", "03"]);
    expect(most).toBe(1);
    expect(reasons.slice(0, 3)).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(errors).toBe(0);
  });

  test("a task that never settles is skipped with an event at each slot, and others go on", async () => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    const other = recorder();
    const jobs = new Scheduler({ clock })
      .cron("* * * * * *", () => new Promise(() => {}), { name: "stuck" })
      .cron("* * * * * *", other.task)
      .start();
    await clock.pass(5000);
    expect(other.slots).toHaveLength(5);
    expect(events.filter(({ event }) => event === "skipped")).toHaveLength(4);
    const stopped = jobs.stop({ graceMs: 100 });
    await clock.pass(100);
    expect(await stopped).toEqual({ unfinished: ["stuck"] });
  });
});

describe("limits", () => {
  test("maxRuns ends the schedule", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    const jobs = start(clock, new Scheduler({ clock }).every(1000, task, { maxRuns: 3, name: "t" }));
    expect(jobs.nextRuns("t", 10)).toHaveLength(3);
    await clock.pass(10_000);
    expect(slots).toHaveLength(3);
    expect(state(jobs)).toBe("done");
    expect(jobs.nextRuns("t")).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("until ends the schedule, with its own time included", async () => {
    const clock = new FakeClock(START);
    const [cron, every, after] = [recorder(), recorder(), recorder()];
    const until = new Date("2026-01-01T00:00:03Z");
    const jobs = start(
      clock,
      new Scheduler({ clock })
        .cron("* * * * * *", cron.task, { until })
        .every(1000, every.task, { until })
        .after(1000, after.task, { until: until.getTime() }),
    );
    await clock.pass(10_000);
    expect(cron.slots).toHaveLength(3);
    expect(every.slots).toHaveLength(4);
    expect(after.slots).toHaveLength(3);
    expect(jobs.status().map((task) => task.state)).toEqual(["done", "done", "done"]);
  });

  test("jitter delays runs within its bound, never past the next slot, and leaves the slots where they are", async () => {
    const clock = new FakeClock(START);
    const late: number[] = [];
    const slots: string[] = [];
    const task = ({ scheduledAt }: { scheduledAt: Date }) => {
      late.push(clock.now() - scheduledAt.getTime());
      slots.push(scheduledAt.toISOString());
    };
    start(
      clock,
      new Scheduler({ clock })
        .cron("* * * * * *", task, { jitterMs: 400 })
        .cron("* * * * * *", task, { jitterMs: 5000, name: "wide" }),
    );
    await clock.pass(60_999);
    expect(Math.max(...late)).toBeLessThan(1000);
    expect(new Set(late).size).toBeGreaterThan(20);
    expect(slots.every((slot) => slot.endsWith(".000Z"))).toBe(true);
    expect(new Set(slots).size).toBe(60);
  });
});

describe("pause, resume, trigger", () => {
  test("nothing runs while paused, and resume never replays", async () => {
    const clock = new FakeClock(START);
    const [cron, every, after] = [recorder(), recorder(), recorder()];
    const jobs = start(
      clock,
      new Scheduler({ clock })
        .cron("* * * * * *", cron.task, { name: "cron" })
        .every(1000, every.task, { name: "every" })
        .after(1000, after.task, { name: "after" }),
    );
    await clock.pass(2500);
    const counts = () => [cron, every, after].map(({ slots }) => slots.length);
    const before = counts();
    for (const name of ["cron", "every", "after"]) jobs.pause(name);
    expect(jobs.nextRuns("cron")).toEqual([]);
    await clock.pass(10_000);
    expect(counts()).toEqual(before);
    for (const name of ["cron", "every", "after"]) jobs.resume(name);
    await clock.pass(0);
    expect(counts()).toEqual(before);
    await clock.pass(1000);
    expect(counts()).toEqual(before.map((count) => count + 1));
    expect(every.slots.at(-1)).toBe("2026-01-01T00:00:13.000Z");
  });

  test("pause and resume can be said twice", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    const jobs = start(clock, new Scheduler({ clock }).cron("* * * * * *", task, { name: "t" }));
    jobs.resume("t");
    jobs.pause("t");
    jobs.pause("t");
    jobs.resume("t");
    jobs.resume("t");
    await clock.pass(1000);
    expect(slots).toHaveLength(1);
  });

  test("trigger runs at once, paused or not, and tells how it ended", async () => {
    const clock = new FakeClock(START);
    let fails = false;
    const task = () => {
      if (fails) throw new Error("no");
    };
    const jobs = start(
      clock,
      new Scheduler({ clock, onError: () => {} }).cron("@daily", task, { name: "t", maxRuns: 1 }),
    );
    jobs.pause("t");
    expect(await jobs.trigger("t")).toBe("success");
    fails = true;
    expect(await jobs.trigger("t")).toBe("error");
    expect(jobs.status()[0]).toMatchObject({ runs: 2, failures: 1, state: "paused" });
  });

  test("trigger while running is skipped, unless overlap is allowed", async () => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    const [one, two] = [slowTask(clock, 100), slowTask(clock, 100)];
    const jobs = start(
      clock,
      new Scheduler({ clock })
        .cron("@daily", one.task, { name: "one" })
        .cron("@daily", two.task, { name: "two", overlap: "allow" }),
    );
    const first = jobs.trigger("one");
    expect(await jobs.trigger("one")).toBe("skipped");
    const both = [jobs.trigger("two"), jobs.trigger("two")];
    await clock.pass(100);
    expect(await Promise.all([first, ...both])).toEqual(["success", "success", "success"]);
    expect([one.most, two.most]).toEqual([1, 2]);
    expect(events.filter(({ event }) => event === "skipped")).toHaveLength(1);
  });

  test("an unknown name is answered with the known ones", async () => {
    await using jobs = new Scheduler()
      .after(1000, () => {}, { name: "purge" })
      .initialDelay(1000)
      .start();
    for (const call of [jobs.pause, jobs.resume, jobs.trigger, jobs.nextRuns]) {
      expect(() => call.call(jobs, "purg")).toThrow('no task "purg"; known are: purge');
    }
  });
});

describe("looking ahead", () => {
  test("nextRuns lists slots, for after only the one that is known", async () => {
    const clock = new FakeClock(START);
    const jobs = start(
      clock,
      new Scheduler({ clock })
        .every({ minutes: 10 }, () => {}, { name: "every" })
        .initialDelay({ minutes: 5 })
        .after({ minutes: 10 }, () => {}, { name: "after" })
        .cron("0 30 2 * * *", () => {}, { name: "cron", timezone: "Europe/Berlin" }),
    );
    const list = (name: string) => jobs.nextRuns(name, 3).map((date) => date.toISOString().slice(0, 16));
    expect(list("every")).toEqual(["2026-01-01T00:05", "2026-01-01T00:15", "2026-01-01T00:25"]);
    expect(list("after")).toEqual(["2026-01-01T00:00"]);
    expect(list("cron")).toEqual(["2026-01-01T01:30", "2026-01-02T01:30", "2026-01-03T01:30"]);
  });

  test("status tells what runs, what ran and what comes", async () => {
    const clock = new FakeClock(START);
    const slow = slowTask(clock, 100);
    const jobs = start(clock, new Scheduler({ clock }).cron("0 * * * * *", slow.task, { name: "t" }));
    await clock.pass(MINUTE + 50);
    expect(jobs.status()).toEqual([
      {
        name: "t",
        kind: "cron",
        schedule: "0 * * * * * (UTC)",
        state: "scheduled",
        running: 1,
        runs: 1,
        failures: 0,
        missed: 0,
        skipped: 0,
        abandoned: 0,
        next: new Date("2026-01-01T00:02:00Z"),
        last: null,
      },
    ]);
    await clock.pass(MINUTE - 100);
    expect(jobs.status()[0]).toMatchObject({
      running: 0,
      last: {
        scheduledAt: new Date("2026-01-01T00:01:00Z"),
        startedAt: new Date("2026-01-01T00:01:00Z"),
        durationMs: 100,
        outcome: "success",
        error: undefined,
      },
    });
  });
});
