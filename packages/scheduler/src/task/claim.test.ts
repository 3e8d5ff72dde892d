// A slot is claimed once, however late, and asked for until there is an answer.
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { fakeOnce, recordEvents, recorder, start } from "../../test/record.ts";
import type { Once } from "../once/once.ts";
import { Scheduler } from "../scheduler.ts";
import type { CronOptions } from "./options.ts";

const START = "2026-01-01T00:00:00.500Z";
const SECOND = 1000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Several instances that share a database, and a list of the slots that were run. */
function fleet(clock: FakeClock, count: number, expression: string, options: CronOptions, takes = 0) {
  const slots: string[] = [];
  const once = fakeOnce(clock);
  for (let n = 0; n < count; n += 1) {
    const task = async ({ scheduledAt }: { scheduledAt: Date }) => {
      slots.push(scheduledAt.toISOString());
      if (takes > 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, takes));
    };
    start(clock, new Scheduler({ clock }).cron(expression, task, { ...options, name: "t", once }));
  }
  return { slots, once };
}

describe("however late", () => {
  test("jitter of two hours, five instances: a daily slot runs once a day", async () => {
    const clock = new FakeClock(START);
    const { slots } = fleet(clock, 5, "0 0 7 * * *", { jitterMs: 2 * HOUR });
    await clock.pass(10 * DAY);
    expect(slots).toHaveLength(10);
    expect(new Set(slots).size).toBe(10);
  });

  test("queue behind a run of 100 minutes: no hourly slot runs twice", async () => {
    const clock = new FakeClock(START);
    const { slots } = fleet(clock, 3, "0 0 * * * *", { overlap: "queue" }, 100 * 60 * SECOND);
    await clock.pass(2 * DAY);
    expect(new Set(slots).size).toBe(slots.length);
    expect(slots).toHaveLength(48);
  });

  test("a single instance runs a slot that waited two hours in its queue", async () => {
    const clock = new FakeClock(START);
    const { slots } = fleet(clock, 1, "0 0 * * * *", { overlap: "queue" }, 3 * HOUR - 60 * SECOND);
    await clock.pass(7 * HOUR);
    expect(slots.map((slot) => slot.slice(11, 13))).toEqual(["01", "02", "04"]);
  });

  test("a slot that waited for more than a day is left out, with an event", async () => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    const { slots } = fleet(clock, 1, "0 0 * * * *", { overlap: "queue" }, 30 * HOUR);
    await clock.pass(32 * HOUR);
    expect(slots).toEqual(["2026-01-01T01:00:00.000Z", "2026-01-02T07:00:00.000Z"]);
    expect(events).toContainEqual({
      event: "skipped",
      name: "t",
      scheduledAt: new Date("2026-01-01T02:00:00Z"),
      reason: "too-late",
    });
  });

  test.each(["0 0 7 * * *", "0 0 7 1 1 * 2027", "* * * * * *"])(
    "graceMs: Infinity runs %s",
    async (expression) => {
      const clock = new FakeClock("2027-01-01T06:59:58Z");
      const { slots, once } = fleet(clock, 2, expression, { graceMs: Infinity });
      await clock.pass(3 * SECOND);
      expect(slots).toContain("2027-01-01T07:00:00.000Z");
      expect(new Set(slots).size).toBe(slots.length);
      expect(once.asked.every(({ keepMs }) => Number.isFinite(keepMs))).toBe(true);
    },
  );
});

describe("an answer that does not come", () => {
  test("a claim whose answer was lost is asked for again by the same claimant, and run", async () => {
    const clock = new FakeClock(START);
    const database = fakeOnce(clock);
    let lost = 0;
    const once: Once = {
      claim: async (slot) => {
        const isMine = await database.claim(slot);
        if ((lost += 1) <= 2) throw new Error("connection cut");
        return isMine;
      },
    };
    const { task, slots } = recorder();
    start(clock, new Scheduler({ clock }).cron("0 * * * * *", task, { name: "t", once }));
    await clock.pass(61 * SECOND);
    expect(slots).toEqual(["2026-01-01T00:01:00.000Z"]);
    expect(new Set(database.asked.map(({ claimant }) => claimant)).size).toBe(1);
  });

  test("two instances never have the same claimant", async () => {
    const clock = new FakeClock(START);
    const { once } = fleet(clock, 3, "0 * * * * *", {});
    await clock.pass(61 * SECOND);
    expect(new Set(once.asked.map(({ claimant }) => claimant)).size).toBe(3);
  });

  test("it is not asked for any more when the next slot comes", async () => {
    const clock = new FakeClock(START);
    const events = recordEvents();
    const { once, slots } = fleet(clock, 1, "* * * * * *", {});
    once.down = true;
    await clock.pass(5 * SECOND);
    once.down = false;
    await clock.pass(2 * SECOND);
    expect(slots.length).toBeGreaterThanOrEqual(2);
    expect(new Set(events.flatMap((event) => (event.event === "skipped" ? [event.reason] : [])))).toEqual(
      new Set(["unavailable"]),
    );
  });

  test("stop and pause end the waiting", async () => {
    for (const reason of ["stopped", "paused"] as const) {
      const clock = new FakeClock(START);
      const events = recordEvents();
      const once = fakeOnce(clock);
      once.down = true;
      const options = { name: "t", once, catchUpMs: HOUR };
      const jobs = start(
        clock,
        new Scheduler({ clock }).cron("0 * * * * *", () => {}, options),
      );
      await clock.pass(60 * SECOND);
      if (reason === "paused") jobs.pause("t");
      else void jobs.stop();
      await clock.pass(1);
      expect(events.findLast(({ event }) => event === "skipped")).toMatchObject({ reason });
      expect(jobs.status()[0]?.running).toBe(0);
    }
  });

  test.each([undefined, 1, "true", {}])("an answer that is not true (%o) is no claim", async (answer) => {
    const clock = new FakeClock(START);
    const { task, slots } = recorder();
    const once = { claim: () => Promise.resolve(answer) } as unknown as Once;
    start(clock, new Scheduler({ clock }).cron("* * * * * *", task, { name: "t", once }));
    await clock.pass(3 * SECOND);
    expect(slots).toEqual([]);
  });
});

describe("catchUpMs", () => {
  const deploy = (clock: FakeClock, once: Once, catchUpMs?: number) => {
    const { task, slots } = recorder();
    const options = { name: "mail", once, ...(catchUpMs !== undefined && { catchUpMs }) };
    const jobs = start(clock, new Scheduler({ clock }).cron("0 0 7 * * *", task, options));
    return { jobs, slots };
  };

  test("a deploy over 07:00: the first instance that is back runs the mail, once", async () => {
    const clock = new FakeClock("2026-01-01T06:59:00Z");
    const once = fakeOnce(clock);
    const before = deploy(clock, once, HOUR);
    await clock.pass(30 * SECOND);
    await before.jobs.stop();
    await clock.pass(5 * 60 * SECOND);
    const after = [1, 2, 3].map(() => deploy(clock, once, HOUR));
    await clock.pass(SECOND);
    expect(before.slots).toEqual([]);
    expect(after.flatMap(({ slots }) => slots)).toEqual(["2026-01-01T07:00:00.000Z"]);
    await clock.pass(DAY);
    expect(after.flatMap(({ slots }) => slots)).toHaveLength(2);
  });

  test("what was run before the deploy is not run again, hours later and with a new catchUpMs either", async () => {
    const clock = new FakeClock("2026-01-01T06:59:00Z");
    const once = fakeOnce(clock);
    const before = deploy(clock, once);
    await clock.pass(2 * 60 * SECOND);
    await before.jobs.stop();
    await clock.pass(12 * HOUR);
    const after = deploy(clock, once, DAY);
    await clock.pass(SECOND);
    expect(before.slots).toHaveLength(1);
    expect(after.slots).toEqual([]);
  });

  test("a slot older than that is not run", async () => {
    const clock = new FakeClock("2026-01-01T08:30:00Z");
    const { slots } = deploy(clock, fakeOnce(clock), HOUR);
    await clock.pass(SECOND);
    expect(slots).toEqual([]);
  });

  test("a database that was away at the slot is asked until it is back", async () => {
    const clock = new FakeClock("2026-01-01T06:59:00Z");
    const once = fakeOnce(clock);
    const instances = [1, 2].map(() => deploy(clock, once, HOUR));
    once.down = true;
    await clock.pass(20 * 60 * SECOND);
    once.down = false;
    await clock.pass(60 * SECOND);
    expect(instances.flatMap(({ slots }) => slots)).toEqual(["2026-01-01T07:00:00.000Z"]);
  });

  test("a machine that slept over the slot runs it", async () => {
    const clock = new FakeClock("2026-01-01T06:59:00Z");
    const { slots } = deploy(clock, fakeOnce(clock), HOUR);
    clock.sleep(40 * 60 * SECOND, { monotonicGoesOn: false });
    await clock.pass(60 * SECOND);
    expect(slots).toEqual(["2026-01-01T07:00:00.000Z"]);
  });

  test("it waits for the initial delay, and looks at nothing when stopped in it", async () => {
    const clock = new FakeClock("2026-01-01T07:01:00Z");
    const once = fakeOnce(clock);
    const { task, slots } = recorder();
    const make = () =>
      new Scheduler({ clock })
        .cron("0 0 7 * * *", task, { name: "mail", once, catchUpMs: HOUR })
        .initialDelay("30s")
        .start();
    const first = make();
    await clock.pass(29 * SECOND);
    expect(slots).toEqual([]);
    await first.stop();
    await clock.pass(60 * SECOND);
    expect(slots).toEqual([]);
    const second = make();
    await clock.pass(31 * SECOND);
    expect(slots).toHaveLength(1);
    await second.stop();
  });

  test("every with once looks back at its grid, too", async () => {
    const clock = new FakeClock("2026-01-01T07:01:00Z");
    const { task, slots } = recorder();
    const options = { name: "t", once: fakeOnce(clock), catchUpMs: 2 * HOUR };
    start(clock, new Scheduler({ clock }).every("6h", task, options));
    await clock.pass(SECOND);
    expect(slots).toEqual(["2026-01-01T06:00:00.000Z"]);
  });
});
