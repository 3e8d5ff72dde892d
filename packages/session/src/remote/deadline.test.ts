import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { within } from "./deadline.ts";

test("an answer in time is given, and so is a failure", async () => {
  expect(await within(1000, Promise.resolve(1))).toBe(1);
  await expect(within(1000, Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("an answer that does not come in time is a failure, and what comes later is nobody's", async () => {
  const late = sleep(30).then(() => Promise.reject(new Error("late")));
  await expect(within(10, late)).rejects.toThrow("no answer within 10 ms");
  await expect(late).rejects.toThrow("late");
});
