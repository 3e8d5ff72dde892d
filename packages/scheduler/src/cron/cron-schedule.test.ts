import { describe, expect, test } from "vitest";
import { CronSchedule } from "./cron-schedule.ts";

const at = (time: string) => new Date(time);
const next = (expression: string, after: string, timezone = "UTC") =>
  CronSchedule.parse(expression, { timezone }).next(at(after))?.toISOString();

describe("reading", () => {
  test("matches tells whether a run falls on the second of a date", () => {
    const schedule = CronSchedule.parse("30 0 12 * * MON-FRI");
    expect(schedule.matches(at("2026-11-23T12:00:30.999Z"))).toBe(true);
    expect(schedule.matches(at("2026-11-23T12:00:31Z"))).toBe(false);
    expect(schedule.matches(at("2026-11-22T12:00:30Z"))).toBe(false);
  });

  test("five fields mean second 0", () => {
    expect(next("*/15 * * * *", "2026-01-01T00:00:00Z")).toBe("2026-01-01T00:15:00.000Z");
  });

  test.each([
    ["@yearly", "2027-01-01T00:00:00.000Z"],
    ["@monthly", "2026-12-01T00:00:00.000Z"],
    ["@weekly", "2026-11-29T00:00:00.000Z"],
    ["@daily", "2026-11-23T00:00:00.000Z"],
    ["@hourly", "2026-11-22T11:00:00.000Z"],
    ["0 0 0 L * *", "2026-11-30T00:00:00.000Z"],
    ["0 0 0 28W * *", "2026-11-27T00:00:00.000Z"],
    ["0 0 0 * * FRI#2", "2026-12-11T00:00:00.000Z"],
    ["0 0 0 * * 5L", "2026-11-27T00:00:00.000Z"],
    ["0 0 0 1 JAN,jul *", "2027-01-01T00:00:00.000Z"],
    ["0 10-40/10 * * * *", "2026-11-22T10:40:00.000Z"],
    ["0 0 0 * * 7", "2026-11-29T00:00:00.000Z"],
  ])("%s", (expression, expected) => {
    expect(next(expression, "2026-11-22T10:30:00Z")).toBe(expected);
  });

  test("equal expressions in one zone share one parsed schedule", () => {
    expect(CronSchedule.parse("0 1 2 * * *")).toBe(CronSchedule.parse("0 1 2 * * *"));
    expect(CronSchedule.parse("0 1 2 * * *")).not.toBe(
      CronSchedule.parse("0 1 2 * * *", { timezone: "Asia/Tokyo" }),
    );
  });

  test("next is after its argument, previous before it, and both keep to the seconds", () => {
    const schedule = CronSchedule.parse("0 0 * * * *");
    expect(schedule.next(at("2026-01-01T01:00:00Z"))).toEqual(at("2026-01-01T02:00:00Z"));
    expect(schedule.next(at("2026-01-01T00:59:59.999Z"))).toEqual(at("2026-01-01T01:00:00Z"));
    expect(schedule.previous(at("2026-01-01T01:00:00Z"))).toEqual(at("2026-01-01T00:00:00Z"));
    expect(schedule.previous(at("2026-01-01T01:00:00.001Z"))).toEqual(at("2026-01-01T01:00:00Z"));
  });
});

describe("refusing", () => {
  test.each([
    "",
    "* * * *",
    "60 * * * * *",
    "0 0 24 * * *",
    "0 0 0 * * MOO",
    "* * * * * * 2030",
    "2026-01-01T00:00:00",
  ])('a malformed expression: "%s"', (expression) => {
    expect(() => CronSchedule.parse(expression)).toThrow(SyntaxError);
  });

  test.each(["0 0 0 31 2 *", "0 0 0 30 FEB *", "0 0 0 31 4,6,9,11 *"])(
    "a date that never comes: %s",
    (expression) => {
      expect(() => CronSchedule.parse(expression)).toThrow("never comes");
    },
  );

  test("a leap day comes", () => {
    expect(next("0 0 0 29 2 *", "2096-03-01T00:00:00Z")).toBe("2104-02-29T00:00:00.000Z");
  });

  test("day-of-month and day-of-week at once, unless it is said how they combine", () => {
    const expression = "0 0 0 13 * FRI";
    expect(() => CronSchedule.parse(expression)).toThrow('{ dayMatch: "and" }');
    const after = at("2026-11-01T12:00:00Z");
    const both = CronSchedule.parse(expression, { dayMatch: "and" });
    const either = CronSchedule.parse(expression, { dayMatch: "or" });
    expect(both.next(after)).toEqual(at("2026-11-13T00:00:00Z"));
    expect(both.next(at("2026-11-13T00:00:00Z"))).toEqual(at("2027-08-13T00:00:00Z"));
    expect(either.next(after)).toEqual(at("2026-11-06T00:00:00Z"));
  });

  test("croner's own sign for that", () => {
    expect(() => CronSchedule.parse("0 0 0 13 * +FRI")).toThrow('write { dayMatch: "and" }');
  });

  test("an unknown zone", () => {
    expect(() => CronSchedule.parse("@daily", { timezone: "Europe/Berlln" })).toThrow(
      'Unknown time zone "Europe/Berlln"',
    );
  });
});

describe("when the clocks change", () => {
  test("a fixed time in the gap runs once, right after it", () => {
    const schedule = CronSchedule.parse("0 30 2 * * *", { timezone: "America/New_York" });
    const first = schedule.next(at("2026-03-08T00:00:00-05:00")) as Date;
    expect(first).toEqual(at("2026-03-08T03:00:00-04:00"));
    expect(schedule.next(first)).toEqual(at("2026-03-09T02:30:00-04:00"));
  });

  test("a fixed time in the overlap runs once, in its first pass", () => {
    const schedule = CronSchedule.parse("0 30 1 * * *", { timezone: "America/New_York" });
    const first = schedule.next(at("2026-11-01T00:00:00-04:00")) as Date;
    expect(first).toEqual(at("2026-11-01T01:30:00-04:00"));
    expect(schedule.next(first)).toEqual(at("2026-11-02T01:30:00-05:00"));
  });

  test("an interval runs in both passes", () => {
    const schedule = CronSchedule.parse("0 */30 * * * *", { timezone: "America/New_York" });
    let time = at("2026-11-01T00:59:00-04:00");
    const times = Array.from({ length: 4 }, () => (time = schedule.next(time) as Date).toISOString());
    expect(times).toEqual([
      "2026-11-01T05:00:00.000Z",
      "2026-11-01T05:30:00.000Z",
      "2026-11-01T06:00:00.000Z",
      "2026-11-01T06:30:00.000Z",
    ]);
  });

  test("a fixed time in a gap that jumps over midnight is not lost", () => {
    expect(next("0 30 23 * * *", "2025-03-29T12:00:00Z", "America/Nuuk")).toBe("2025-03-30T01:00:00.000Z");
  });

  test("a day that a zone left out is left out", () => {
    expect(next("0 0 12 * * *", "2011-12-29T23:00:00Z", "Pacific/Apia")).toBe("2011-12-30T22:00:00.000Z");
  });
});
