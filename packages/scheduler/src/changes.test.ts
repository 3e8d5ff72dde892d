// What can be changed while a scheduler runs.
import { describe, expect, test } from "vitest";
import { FakeClock } from "../test/fake-clock.ts";
import { fakeOnce, recordEvents, recorder, start } from "../test/record.ts";
import { Scheduler } from "./scheduler.ts";

const START = "2026-01-01T00:00:00.000Z";
const MINUTE = 60_000;
const noop = () => {};

describe("add", () => {
  test("starts tasks of every kind, and gives their names", async () => {
    const clock = new FakeClock(START);
    const recorders = [recorder(), recorder(), recorder(), recorder()];
    const [every, after, cron, at] = recorders.map(({ task }) => task) as [
      () => void,
      () => void,
      () => void,
      () => void,
    ];
    const jobs = start(clock, new Scheduler({ clock }));
    await clock.pass(MINUTE);
    const names = jobs.add((tasks) =>
      tasks
        .every("10s", every)
        .after(1000, after, { name: "poll" })
        .initialDelay("30s")
        .cron("0 * * * * *", cron)
        .at(clock.now() + 5000, at),
    );
    expect(names).toEqual(["every-1", "poll", "cron-3", "at-4"]);
    await clock.pass(MINUTE);
    expect(recorders.map(({ slots }) => slots.length)).toEqual([7, 31, 1, 1]);
    expect(jobs.status().map(({ name }) => name)).toEqual(names);
  });

  test("adds all or none", async () => {
    await using jobs = new Scheduler().cron("@daily", noop, { name: "a" }).start();
    expect(() => jobs.add((tasks) => tasks.cron("@daily", noop, { name: "b" }).cron("no", noop))).toThrow(
      SyntaxError,
    );
    expect(() => jobs.add((tasks) => tasks.cron("@daily", noop, { name: "a" }))).toThrow(
      'a task "a" already',
    );
    expect(() => jobs.add(5 as never)).toThrow("must be a function; it was 5.");
    expect(jobs.status().map(({ name }) => name)).toEqual(["a"]);
  });

  test("takes no task later by the list it lent", async () => {
    await using jobs = new Scheduler().start();
    let lent: { cron: Scheduler["cron"] } | undefined;
    jobs.add((tasks) => (lent = tasks as never));
    expect(() => lent?.cron("@daily", noop)).toThrow("use add() of its handle");
  });

  test("a name that is made up is one that is free", async () => {
    await using jobs = new Scheduler().cron("@daily", noop).cron("@daily", noop).start();
    jobs.remove("cron-1");
    expect(jobs.add((tasks) => tasks.cron("@daily", noop).cron("@daily", noop))).toEqual([
      "cron-1",
      "cron-3",
    ]);
  });

  test("is refused after stop", async () => {
    const jobs = new Scheduler().start();
    await jobs.stop();
    expect(() => jobs.add((tasks) => tasks.cron("@daily", noop))).toThrow("was stopped");
  });

  test("refuses a function that names its tasks later", async () => {
    await using jobs = new Scheduler().start();
    expect(() =>
      jobs.add(async (tasks) => {
        await Promise.resolve();
        tasks.cron("@daily", noop);
      }),
    ).toThrow("must name its tasks at once; it gave a promise.");
    expect(jobs.status()).toEqual([]);
  });
});

describe("remove", () => {
  test("takes the task away, and its name is free", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    const jobs = start(clock, new Scheduler({ clock }).cron("* * * * * *", task, { name: "t" }));
    await clock.pass(2500);
    jobs.remove("t");
    expect(jobs.status()).toEqual([]);
    expect(() => jobs.remove("t")).toThrow('There is no task "t"; known are: none.');
    await clock.pass(5000);
    expect(slots).toHaveLength(2);
    jobs.add((tasks) => tasks.cron("* * * * * *", task, { name: "t" }));
    await clock.pass(1000);
    expect(slots).toHaveLength(3);
  });

  test("lets its run settle, which stop waits for", async () => {
    const clock = new FakeClock(START);
    const gate = Promise.withResolvers<void>();
    const jobs = new Scheduler({ clock }).cron("* * * * * *", () => gate.promise, { name: "t" }).start();
    await clock.pass(1000);
    jobs.remove("t");
    let isStopped = false;
    const stopped = jobs.stop().finally(() => (isStopped = true));
    await clock.pass(5000);
    expect(isStopped).toBe(false);
    gate.resolve();
    await clock.pass(0);
    expect(await stopped).toEqual({ unfinished: [] });
  });

  test("a task can remove itself", async () => {
    const clock = new FakeClock(START);
    let runs = 0;
    const jobs = start(
      clock,
      new Scheduler({ clock }).every(
        1000,
        () => {
          if ((runs += 1) === 2) jobs.remove("t");
        },
        { name: "t" },
      ),
    );
    await clock.pass(5000);
    expect(runs).toBe(2);
  });
});

describe("reschedule", () => {
  test("cron: the new times hold from now on, nothing is replayed, the zone stays unless it is said", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    const options = { name: "t", timezone: "Europe/Berlin" };
    const jobs = start(clock, new Scheduler({ clock }).cron("0 30 8 * * *", task, options));
    jobs.reschedule("t", "0 0 9 * * *");
    expect(jobs.nextRuns("t")).toEqual([new Date("2026-01-01T08:00:00Z")]);
    jobs.reschedule("t", "0 0 9 * * *", { timezone: "UTC" });
    expect(jobs.nextRuns("t")).toEqual([new Date("2026-01-01T09:00:00Z")]);
    await clock.pass(24 * 60 * MINUTE);
    expect(slots).toEqual(["2026-01-01T09:00:00.000Z"]);
  });

  test("every and after: the first run is a new interval away", async () => {
    const clock = new FakeClock(START);
    const [every, after] = [recorder(), recorder()];
    const jobs = start(
      clock,
      new Scheduler({ clock })
        .every("1h", every.task, { name: "every" })
        .after("1h", after.task, { name: "after" }),
    );
    await clock.pass(MINUTE);
    jobs.reschedule("every", "10m");
    jobs.reschedule("after", { minutes: 20 });
    await clock.pass(41 * MINUTE);
    const times = (slots: string[]) => slots.map((slot) => slot.slice(11, 16));
    expect(times(every.slots)).toEqual(["00:00", "00:11", "00:21", "00:31", "00:41"]);
    expect(times(after.slots)).toEqual(["00:00", "00:21", "00:41"]);
    expect(jobs.status()[0]?.schedule).toBe("every 600000 ms");
  });

  test("at: a later date, also when the first has passed", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    const jobs = start(clock, new Scheduler({ clock }).at(clock.now() + MINUTE, task, { name: "t" }));
    jobs.reschedule("t", new Date(clock.now() + 2 * MINUTE));
    await clock.pass(3 * MINUTE);
    expect(slots).toEqual(["2026-01-01T00:02:00.000Z"]);
    expect(jobs.status()[0]?.state).toBe("done");
    jobs.reschedule("t", clock.now() + MINUTE);
    await clock.pass(2 * MINUTE);
    expect(slots).toHaveLength(2);
  });

  test("a paused task stays paused, and one that has had its runs stays done", async () => {
    const clock = new FakeClock(START);
    const [one, two] = [recorder(), recorder()];
    const jobs = start(
      clock,
      new Scheduler({ clock })
        .cron("@daily", one.task, { name: "paused" })
        .cron("* * * * * *", two.task, { name: "done", maxRuns: 1 }),
    );
    jobs.pause("paused");
    await clock.pass(1000);
    for (const name of ["paused", "done"]) jobs.reschedule(name, "* * * * * *");
    await clock.pass(5000);
    expect([one.slots.length, two.slots.length]).toEqual([0, 1]);
    jobs.resume("paused");
    await clock.pass(1000);
    expect(one.slots).toHaveLength(1);
  });

  test("times that are wrong, or of another kind, change nothing", async () => {
    const clock = new FakeClock(START);
    const jobs = start(
      clock,
      new Scheduler({ clock })
        .cron("@daily", noop, { name: "cron" })
        .every(1000, noop, { name: "every" })
        .at(clock.now() + MINUTE, noop, { name: "at" }),
    );
    const before = jobs.status();
    expect(() => jobs.reschedule("cron", "no")).toThrow(SyntaxError);
    expect(() => jobs.reschedule("cron", 1000)).toThrow("is rescheduled to a cron expression; it was 1000.");
    expect(() => jobs.reschedule("cron", "@daily", { timeZone: "UTC" } as never)).toThrow(
      'did you mean "timezone"?',
    );
    expect(() => jobs.reschedule("every", new Date())).toThrow("is rescheduled to an interval");
    expect(() => jobs.reschedule("every", 1000, { timezone: "UTC" })).toThrow(
      'unknown option "timezone"; it takes none.',
    );
    expect(() => jobs.reschedule("every", 0)).toThrow("1 or more; it was 0.");
    expect(() => jobs.reschedule("at", "10m")).toThrow("is rescheduled to a date");
    expect(() => jobs.reschedule("at", new Date(Number.NaN))).toThrow("valid Date");
    expect(() => jobs.reschedule("nobody", 5)).toThrow("There is no task");
    expect(jobs.status()).toEqual(before);
  });

  test("is refused after stop", async () => {
    const jobs = new Scheduler().every(1000, noop, { name: "every" }).start();
    await jobs.stop();
    expect(() => jobs.reschedule("every", 2000)).toThrow("was stopped");
  });

  test("a task may reschedule itself while it runs", async () => {
    const clock = new FakeClock(START);
    const starts: number[] = [];
    const jobs = start(
      clock,
      new Scheduler({ clock }).after(
        1000,
        () => {
          starts.push(clock.monotonic());
          jobs.reschedule("t", starts.length * 1000);
        },
        { name: "t" },
      ),
    );
    await clock.pass(7000);
    expect(starts).toEqual([1, 1001, 3001, 6001]);
  });
});

describe("at", () => {
  test("runs once, and is done", async () => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    const jobs = start(clock, new Scheduler({ clock }).at(new Date(clock.now() + 40 * 86_400_000), task));
    expect(jobs.status()[0]).toMatchObject({ kind: "at", schedule: "2026-02-10T00:00:00.000Z" });
    await clock.pass(39 * 86_400_000);
    expect(slots).toEqual([]);
    await clock.pass(2 * 86_400_000);
    expect(slots).toEqual(["2026-02-10T00:00:00.000Z"]);
    expect(jobs.status()[0]).toMatchObject({ state: "done", runs: 1, next: null });
    expect(clock.pending).toBe(0);
  });

  test("a date that has passed at the start is missed, with an event, and counted", async () => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    const { task, slots } = recorder();
    const date = new Date(clock.now() - MINUTE);
    const jobs = start(clock, new Scheduler({ clock }).at(date, task, { name: "t" }));
    await clock.pass(MINUTE);
    expect(slots).toEqual([]);
    expect(jobs.status()[0]).toMatchObject({ state: "done", missed: 1 });
    expect(events[0]).toEqual({ event: "missed", name: "t", from: date, to: date, lateMs: MINUTE });
  });

  test("with once and catchUpMs it is made up for, by one instance", async () => {
    const clock = new FakeClock(START);
    const once = fakeOnce(clock);
    const { task, slots } = recorder();
    const date = clock.now() - MINUTE;
    for (let n = 0; n < 3; n += 1) {
      start(clock, new Scheduler({ clock }).at(date, task, { name: "t", once, catchUpMs: 5 * MINUTE }));
    }
    await clock.pass(MINUTE);
    expect(slots).toHaveLength(1);
  });

  test("a date that passes while the machine sleeps: within the grace it runs, after it is missed", async () => {
    for (const [sleep, runs] of [
      [4, 1],
      [20, 0],
    ] as const) {
      const clock = new FakeClock(START);
      const { task, slots } = recorder();
      const jobs = start(clock, new Scheduler({ clock }).at(clock.now() + MINUTE, task));
      clock.sleep((sleep + 1) * MINUTE, { monotonicGoesOn: false });
      await clock.pass(MINUTE);
      expect(slots).toHaveLength(runs);
      expect(jobs.status()[0]).toMatchObject({ state: "done", missed: 1 - runs });
    }
  });

  test.each([[new Date("no")], ["2026-01-01"], [undefined], [Number.NaN], [1e20]])(
    "%o is refused",
    (date) => {
      expect(() => new Scheduler().at(date as never, noop)).toThrow("The date of at() must be a valid Date");
    },
  );
});
