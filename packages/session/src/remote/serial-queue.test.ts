import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turns } from "./serial-queue.ts";

test("work of one name is done in the order it came, one at a time; other names do not wait", async () => {
  const turns = new Turns(() => false);
  const log: string[] = [];
  const work = (name: string, ms: number) => async (): Promise<string> => {
    log.push(`${name} begins`);
    await sleep(ms);
    log.push(`${name} ends`);
    return name;
  };
  const slow = turns.run("a", work("a1", 20));
  const next = turns.run("a", work("a2", 0));
  const other = turns.run("b", work("b1", 0));
  expect(await Promise.all([slow, next, other])).toEqual(["a1", "a2", "b1"]);
  expect(log).toEqual(["a1 begins", "b1 begins", "b1 ends", "a1 ends", "a2 begins", "a2 ends"]);
});

test("a failure is its own, unless it is that of everyone who waits", async () => {
  const turns = new Turns((error) => (error as Error).message === "outage");
  const fail = (message: string) => () => Promise.reject(new Error(message));
  const results = await Promise.allSettled([
    turns.run("a", fail("own")),
    turns.run("a", async () => "done"),
    turns.run("a", fail("outage")),
    turns.run("a", async () => "never begun"),
  ]);
  expect(results.map((it) => (it.status === "fulfilled" ? it.value : (it.reason as Error).message))).toEqual([
    "own",
    "done",
    "outage",
    "outage",
  ]);
  expect(await turns.run("a", async () => "tried again")).toBe("tried again");
});
