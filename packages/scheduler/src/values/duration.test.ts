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

test.each([
  ["10m", 600_000],
  ["90s", 90_000],
  ["1h30m", 5_400_000],
  ["1h 30m", 5_400_000],
  [" 2d ", 172_800_000],
  ["500ms", 500],
  ["1.5h", 5_400_000],
  ["1d 1h 1m 1s 1ms", 90_061_001],
])("the text %s is %d ms", (text, expected) => {
  expect(toMilliseconds(text, "It")).toBe(expected);
});

test.each(["", "10", "m", "10 minutes", "-5m", "1h,5m", "5M", "1e3s", ".5h", "١0m", "1".repeat(200)])(
  "the text %j is refused, with what it may be",
  (text) => {
    expect(() => toMilliseconds(text, "The interval", 1)).toThrow('is no length of time; write "90s", "10m"');
  },
);

test.each([null, undefined, [], true, {}, { hours: "1" }, new Date()])("%o is refused", (value) => {
  expect(() => toMilliseconds(value as never, "The delay")).toThrow("The delay");
});
