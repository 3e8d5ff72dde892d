import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Attempts } from "./attempts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("so many attempts are free, the next must wait for the rest of the window", () => {
  const attempts = new Attempts({ max: 3, windowSeconds: 60 });
  expect([1, 2, 3].map(() => attempts.take("ada"))).toEqual([0, 0, 0]);
  vi.advanceTimersByTime(10_500);
  expect(attempts.take("ada")).toBe(50);
  expect(attempts.take("grace")).toBe(0);
  vi.advanceTimersByTime(49_500);
  expect(attempts.take("ada")).toBe(0);
});

test("an attempt that was right is given back", () => {
  const attempts = new Attempts({ max: 1, windowSeconds: 60 });
  for (let round = 0; round < 5; round += 1) {
    expect(attempts.take("ada")).toBe(0);
    attempts.giveBack("ada");
  }
  expect(attempts.take("ada")).toBe(0);
  expect(attempts.take("ada")).toBe(60);
});

test("purging forgets windows that have ended, and no other", () => {
  const attempts = new Attempts({ max: 1, windowSeconds: 60 });
  attempts.take("ada");
  vi.advanceTimersByTime(30_000);
  attempts.take("grace");
  vi.advanceTimersByTime(30_000);
  attempts.purge();
  expect(attempts.size).toBe(1);
  expect(attempts.take("grace")).toBe(30);
  expect(attempts.take("ada")).toBe(0);
});
