import { expect, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { Engine } from "./engine.ts";

const START = "2026-01-01T00:00:00Z";
const DAY = 86_400_000;

function make(clock = new FakeClock(START), onStepBack = () => {}) {
  return { clock, engine: new Engine(clock, false, onStepBack) };
}

test("alarms go off in their order, each on its own clock", async () => {
  const { clock, engine } = make();
  const rung: string[] = [];
  engine.at("monotonic", 300, () => rung.push("monotonic 300"));
  engine.at("wall", clock.now() + 200, () => rung.push("wall 200"));
  engine.in(100, () => rung.push("in 100"));
  await clock.pass(250);
  expect(rung).toEqual(["in 100", "wall 200"]);
  await clock.pass(50);
  expect(rung).toEqual(["in 100", "wall 200", "monotonic 300"]);
});

test("a delay of 30 days, over what a timer of Node's can hold, goes off after 30 days and not before", async () => {
  const { clock, engine } = make();
  let rung = 0;
  engine.in(30 * DAY, () => (rung += 1));
  await clock.pass(30 * DAY - 1);
  expect(rung).toBe(0);
  await clock.pass(1);
  expect(rung).toBe(1);
});

test("it sleeps no longer than 30 s, so a wall clock set forward is noticed within that time", async () => {
  const { clock, engine } = make();
  let rung = 0;
  engine.at("wall", clock.now() + 3_600_000, () => (rung += 1));
  clock.stepWall(3_600_000);
  await clock.pass(30_000);
  expect(rung).toBe(1);
});

test("a wall clock set back is reported before anything that is due, slewing is not", async () => {
  const reports: string[] = [];
  const { clock, engine } = make(new FakeClock(START), () => reports.push("step back"));
  engine.in(DAY, () => {});
  engine.in(60_000, () => reports.push("alarm"));
  clock.stepWall(-15);
  await clock.pass(30_000);
  expect(reports).toEqual([]);
  clock.stepWall(-3_600_000);
  await clock.pass(30_000);
  expect(reports).toEqual(["step back", "alarm"]);
});

test("one timer is enough for ten thousand alarms", async () => {
  const { clock, engine } = make();
  for (let n = 0; n < 10_000; n += 1) engine.in(10_000 + n, () => {});
  expect(clock.pending).toBe(1);
  expect(clock.timersSet).toBe(1);
  await clock.pass(5000);
});

test("with nothing left to wait for, no timer is left either", () => {
  const { clock, engine } = make();
  const alarms = [engine.in(10, () => {}), engine.at("wall", clock.now() + 10, () => {})];
  for (const alarm of alarms) engine.cancel(alarm);
  expect(clock.pending).toBe(0);
});

test("an alarm that is cancelled by another one of the same wake-up does not go off", async () => {
  const { clock, engine } = make();
  const rung: string[] = [];
  engine.in(10, () => {
    rung.push("first");
    engine.cancel(second);
  });
  const second = engine.in(10, () => rung.push("second"));
  await clock.pass(20);
  expect(rung).toEqual(["first"]);
});

test("an alarm that sets itself again for now does not hold the event loop", async () => {
  const { clock, engine } = make();
  let rung = 0;
  const again = () => {
    rung += 1;
    engine.in(0, again);
  };
  engine.in(0, again);
  await clock.pass(50);
  expect(rung).toBe(50);
});
