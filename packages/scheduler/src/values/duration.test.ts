import { expect, test } from "vitest";
import { toMilliseconds } from "./duration.ts";

test("numbers are milliseconds, units add up", () => {
  expect(toMilliseconds(1500, "It")).toBe(1500);
  expect(toMilliseconds({ hours: 1 }, "It")).toBe(3_600_000);
  expect(toMilliseconds({ days: 1, minutes: 1, seconds: 1, milliseconds: 1 }, "It")).toBe(86_461_001);
  expect(toMilliseconds({ hours: 0.5 }, "It")).toBe(1_800_000);
});

test.each([Number.NaN, Infinity, -1, { seconds: -1 }, { hours: Number.NaN }])("%o is refused", (duration) => {
  expect(() => toMilliseconds(duration, "The delay")).toThrow("The delay must be a finite number");
});

test("an unknown unit is named", () => {
  expect(() => toMilliseconds({ weeks: 1 } as never, "The delay")).toThrow(
    'The delay: unknown unit "weeks"; use days, hours',
  );
});

test("a value under the least is refused", () => {
  expect(() => toMilliseconds(0, "The interval", 1)).toThrow("1 or more; it was 0");
});
