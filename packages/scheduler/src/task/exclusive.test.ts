// One run at a time in the whole fleet: a lease that is kept while the run goes on.
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { fakeOnce, recordEvents, start } from "../../test/record.ts";
import { Scheduler } from "../scheduler.ts";
import { LeaseLostError } from "./lease-keeper.ts";
import type { CronOptions, TaskRun } from "./options.ts";

const START = "2026-01-01T00:00:00.500Z";

function fleet(clock: FakeClock, count: number, takes: number, options: CronOptions = {}) {
  const once = fakeOnce(clock);
  const state = { running: 0, most: 0, slots: [] as string[], tokens: [] as (number | undefined)[] };
  const errors: unknown[] = [];
  const task = async ({ scheduledAt, fencingToken, signal }: TaskRun) => {
    state.slots.push(scheduledAt.toISOString().slice(17, 19));
    state.tokens.push(fencingToken);
    state.running += 1;
    state.most = Math.max(state.most, state.running);
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, takes);
      signal.addEventListener("abort", () => resolve());
    });
    state.running -= 1;
  };
  const jobs = Array.from({ length: count }, () =>
    start(
      clock,
      new Scheduler({ clock, onError: (error) => errors.push(error) }).cron("* * * * * *", task, {
        name: "t",
        once,
        exclusive: true,
        ...options,
      }),
    ),
  );
  return { once, state, jobs, errors };
}

test("without exclusive, overlap holds per process: that is what it is for", async () => {
  const clock = new FakeClock(START);
  const { state } = fleet(clock, 5, 10_000, { exclusive: false });
  await clock.pass(6000);
  expect(state.most).toBe(5);
});

test("five instances run one at a time, a slot that comes meanwhile is left out, and tokens grow", async () => {
  const clock = new FakeClock(START);
  const events = recordEvents();
  const { state } = fleet(clock, 5, 2500);
  await clock.pass(20_000);
  expect(state.most).toBe(1);
  expect(state.slots.slice(0, 3)).toEqual(["01", "04", "07"]);
  expect(state.tokens).toEqual(state.tokens.map((_, n) => n + 1));
  expect(events).toContainEqual(expect.objectContaining({ event: "skipped", reason: "overlap" }));
});

test("a run that is longer than the lease renews it", async () => {
  const clock = new FakeClock(START);
  const { state, errors } = fleet(clock, 3, 20_000);
  await clock.pass(30_000);
  expect(state.most).toBe(1);
  expect(state.slots).toEqual(["01", "21"]);
  expect(errors).toEqual([]);
});

test("when the database is away for longer than the lease, the run is aborted and reported", async () => {
  const clock = new FakeClock(START);
  const { state, once, errors, jobs } = fleet(clock, 1, 60_000);
  await clock.pass(1000);
  once.down = true;
  await clock.pass(2000);
  expect(errors).toEqual([]);
  await clock.pass(1500);
  expect(errors).toEqual([expect.any(LeaseLostError)]);
  expect(state.running).toBe(0);
  expect(jobs[0]?.status()[0]).toMatchObject({ failures: 1, last: { outcome: "error" } });
});

test("an outage that is shorter than the lease is not noticed", async () => {
  const clock = new FakeClock(START);
  const { once, errors, state } = fleet(clock, 2, 10_000);
  await clock.pass(1500);
  once.down = true;
  await clock.pass(1500);
  once.down = false;
  await clock.pass(6000);
  expect(errors).toEqual([]);
  expect(state.most).toBe(1);
});

test("trigger runs nothing while another instance does, and says so", async () => {
  const clock = new FakeClock(START);
  const { jobs, state } = fleet(clock, 2, 10_000);
  await clock.pass(1000);
  expect(await Promise.all(jobs.map((job) => job.trigger("t")))).toEqual(["skipped", "skipped"]);
  expect(state.most).toBe(1);
});

test("with overlap queue, and with every, a slot waits for the run on another instance", async () => {
  const clock = new FakeClock(START);
  const { state } = fleet(clock, 2, 1300, { overlap: "queue" });
  await clock.pass(12_000);
  expect(state.most).toBe(1);
  expect(state.slots.length).toBeGreaterThanOrEqual(7);
  expect(new Set(state.slots).size).toBe(state.slots.length);
});

test("a once that was made exclusive makes its tasks exclusive", async () => {
  const clock = new FakeClock(START);
  const once = { ...fakeOnce(clock), exclusive: true };
  const tokens: unknown[] = [];
  const task = (run: TaskRun) => tokens.push(run.fencingToken);
  start(
    clock,
    new Scheduler({ clock })
      .cron("* * * * * *", task, { name: "a", once })
      .cron("* * * * * *", task, { name: "b", once, exclusive: false }),
  );
  await clock.pass(1000);
  expect(tokens.toSorted()).toEqual([1, undefined]);
});

describe("a contradiction is refused", () => {
  const clock = new FakeClock(START);
  const once = fakeOnce(clock);
  test.each<[string, CronOptions, string]>([
    ["without once", { name: "t", exclusive: true }, "exclusive needs `once`"],
    [
      "with a once that keeps no leases",
      { name: "t", once: { claim: once.claim }, exclusive: true },
      "it has no claimExclusive()",
    ],
    [
      "with overlap allow",
      { name: "t", once, exclusive: true, overlap: "allow" },
      'contradicts overlap: "allow"',
    ],
  ])("%s", (_, options, message) => {
    expect(() => new Scheduler().cron("@daily", () => {}, options)).toThrow(message);
  });
});
