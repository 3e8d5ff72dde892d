import { expect, onTestFinished, test } from "vitest";
import { startChild } from "./child.ts";

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

test("200 runs of a 25 ms task stay on the grid, where a chain of timers drifts away", async () => {
  const child = startChild("drift", "200");
  onTestFinished(() => void child.process.kill());
  const { late, drift } = JSON.parse(await child.line("{")) as { late: number[]; drift: number };
  const last = median(late.slice(-20));
  console.log(
    `200 runs: median ${median(late).toFixed(2)} ms from the grid, ${last.toFixed(2)} ms at the end; ` +
      `a chain of timers is off by ${drift.toFixed(0)} ms by then`,
  );
  expect(late).toHaveLength(200);
  // Medians, since one run may be late for what else the machine does; drift would be in all that follow.
  expect(last).toBeLessThan(drift / 5);
}, 40_000);

test("with unref, a scheduler does not keep a process alive that wants to end", async () => {
  const child = startChild("unref", "unref");
  await child.ended;
  expect(child.lines).toEqual(["ended"]);
});

test("without unref, it does", async () => {
  const child = startChild("unref", "ref");
  const ended = await Promise.race([
    child.ended.then(() => true),
    new Promise((resolve) => setTimeout(resolve, 1500, false)),
  ]);
  child.process.kill();
  expect(ended).toBe(false);
});
