import { expect, onTestFinished, test } from "vitest";
import { startChild } from "./child.ts";

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

test("200 runs of a 100 ms task end within 5 ms of the grid", async () => {
  const child = startChild("drift", "200");
  onTestFinished(() => void child.process.kill());
  const late = JSON.parse(await child.line("[")) as number[];
  const [first, last] = [median(late.slice(0, 20)), median(late.slice(-20))];
  const show = (ms: number) => `${ms.toFixed(2)} ms`;
  console.log(
    `drift over ${late.length} runs: median ${show(median(late))}, run 200 ${show(late.at(-1) as number)}, ` +
      `max ${show(Math.max(...late))}, median of the last 20 minus the first 20 ${show(last - first)}`,
  );
  expect(late).toHaveLength(200);
  // Medians, since one run may be late for what else the machine does; drift would be in all that follow.
  expect(median(late)).toBeLessThan(5);
  expect(last).toBeLessThan(5);
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
