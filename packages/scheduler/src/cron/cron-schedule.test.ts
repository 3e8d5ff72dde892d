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
    ["@ANNUALLY", "2027-01-01T00:00:00.000Z"],
    ["@midnight", "2026-11-23T00:00:00.000Z"],
    ["  0\t0 0   1 1 *  ", "2027-01-01T00:00:00.000Z"],
    ["0 0 0 LW * *", "2026-11-30T00:00:00.000Z"],
    ["0 0 0 L-3 * *", "2026-11-27T00:00:00.000Z"],
    ["0 0 0 l-3w * *", "2026-11-27T00:00:00.000Z"],
    ["0 0 0 L-30 * *", "2026-12-01T00:00:00.000Z"],
    ["0 0 0 1,L,15W * *", "2026-11-30T00:00:00.000Z"],
    ["0 0 0 31W * *", "2026-12-31T00:00:00.000Z"],
    ["0 0 0 * * FRIL", "2026-11-27T00:00:00.000Z"],
    ["0 0 0 ? * WED", "2026-11-25T00:00:00.000Z"],
    ["0 0 0 1 * ?", "2026-12-01T00:00:00.000Z"],
    ["0 0 0 * * MON-WED#2", "2026-12-08T00:00:00.000Z"],
    ["5/15 * * * *", "2026-11-22T10:35:00.000Z"],
    ["0 0 0 1 1 * 2030", "2030-01-01T00:00:00.000Z"],
    ["0 0 0 1 1 * 2028-2030", "2028-01-01T00:00:00.000Z"],
    ["0 0 0 1 1 * 2020/7", "2027-01-01T00:00:00.000Z"],
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

const many = (expression: string, count: number, after = "2026-11-22T10:30:00Z") => {
  const schedule = CronSchedule.parse(expression);
  const times: Date[] = [];
  for (let time: Date | null = at(after); times.length < count; times.push(time)) {
    time = schedule.next(time);
    if (time === null) break;
  }
  return times.map((time) => time.toISOString());
};

describe("ranges that go past the end", () => {
  test.each([
    ["0 0 22-4 * * *", 11, [11, 13], "22 23 00 01 02 03 04"],
    ["0 0 22-4/2 * * *", 4, [11, 13], "22 00 02 04"],
    ["0 0 0 * * FRI-MON", 4, [7, 10], "-23 -27 -28 -29"],
    ["0 0 0 * * FRI-SUN", 3, [7, 10], "-27 -28 -29"],
    ["0 0 0 * * 7-2", 3, [7, 10], "-23 -24 -29"],
    ["0 0 0 1 NOV-FEB *", 4, [5, 7], "12 01 02 11"],
    ["0 0 0 30-2 12 *", 4, [7, 10], "-01 -02 -30 -31"],
    ["58-1 0 0 1 1 *", 4, [17, 19], "00 01 58 59"],
  ])("%s", (expression, count, [from, to], expected) => {
    expect(
      many(expression, count)
        .map((time) => time.slice(from, to))
        .join(" ")
        .startsWith(expected),
    ).toBe(true);
  });

  test("the years do not wrap", () => {
    expect(() => CronSchedule.parse("0 0 0 1 1 * 2030-2028")).toThrow('year "2030-2028" runs backwards');
  });
});

test("a list of years ends: there is no next after the last, no previous before the first", () => {
  const schedule = CronSchedule.parse("0 0 0 1 1 * 2027,2029");
  expect(many("0 0 0 1 1 * 2027,2029", 9)).toEqual(["2027-01-01T00:00:00.000Z", "2029-01-01T00:00:00.000Z"]);
  expect(schedule.previous(at("2027-01-01T00:00:00Z"))).toBeNull();
  expect(schedule.previous(at("2100-01-01T00:00:00Z"))).toEqual(at("2029-01-01T00:00:00Z"));
});

test("answers do not depend on what was asked before", () => {
  const schedule = CronSchedule.parse("0 0 0 1 1 *");
  for (const year of [2030, 2028, 2031, 2029, 2028]) {
    expect(schedule.next(at(`${year}-06-01T00:00:00Z`))).toEqual(at(`${year + 1}-01-01T00:00:00Z`));
  }
});

test("the date that is given back belongs to the caller", () => {
  const schedule = CronSchedule.parse("0 0 3 * * *");
  schedule.next(at("2026-01-01T00:00:00Z"))?.setFullYear(1999);
  expect(schedule.next(at("2026-01-01T00:00:00Z"))).toEqual(at("2026-01-01T03:00:00Z"));
});

test("dates before 1970 and at the end of time are answered", () => {
  const schedule = CronSchedule.parse("0 30 2 * * *", { timezone: "Europe/Berlin" });
  expect(schedule.next(at("1800-01-01T00:00:00Z"))?.toISOString().slice(0, 10)).toMatch(/1800-01-0[12]/);
  expect(schedule.next(new Date(8.64e15))).toBeNull();
  expect(schedule.previous(new Date(8.64e15))).not.toBeNull();
});

describe("refusing", () => {
  test.each([
    "",
    "* * * *",
    "60 * * * * *",
    "0 0 24 * * *",
    "0 0 0 * * MOO",
    "2026-01-01T00:00:00",
    "* * * * * * * *",
    "*/0 * * * * *",
    "*/61 * * * * *",
    "* */24,*/25 * * *",
    "-1 * * * * *",
    "1- * * * * *",
    "-5 * * * * *",
    "1,,2 * * * * *",
    "1.5 * * * * *",
    "1e1 * * * * *",
    "0x5 * * * * *",
    "٣ * * * * *",
    "? * * * * *",
    "* * * 0 * *",
    "* * * 32 * *",
    "* * * W * *",
    "* * * 0W * *",
    "* * * 1-5W * *",
    "* * * L-31 * *",
    "* * * L3 * *",
    "* * * * 0 *",
    "* * * * 13 *",
    "* * * * FRI *",
    "* * * * * 8",
    "* * * * * L",
    "* * * * * FRI#0",
    "* * * * * FRI#6",
    "* * * * * FRI#",
    "* * * * * FRI#1#2",
    "* * * * * MONDAY",
    "* * * * * 1/2L",
    "* * * * * * 1969",
    "* * * * * * 10000",
    "@reboot",
    "@every 5m",
    "H * * * *",
    `${"1,".repeat(600)}1 * * * *`,
  ])('a malformed expression: "%s"', (expression) => {
    expect(() => CronSchedule.parse(expression)).toThrow(SyntaxError);
  });

  test.each(["0 0 0 31 2 *", "0 0 0 30 FEB *", "0 0 0 31 4,6,9,11 *"])(
    "a date that never comes: %s",
    (expression) => {
      expect(() => CronSchedule.parse(expression)).toThrow("never comes");
    },
  );

  test("a date that comes only on a day that its zone left out", () => {
    expect(() => CronSchedule.parse("0 0 12 30 12 * 2011", { timezone: "Pacific/Apia" })).toThrow(
      "never comes",
    );
  });

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

  test.each([
    ["61 * * * * *", 'second "61" is not between 0 and 59'],
    ["0 0 0 * * MOO", 'day-of-week "MOO" is not a number from 0 to 7, or a name (SUN, MON'],
    ["0 0 0", "it needs six fields"],
    ["", "and has 0"],
    ["*/90 * * * *", 'the step of minute "*/90" is not between 1 and 60'],
    ["@noon", '"@noon" is not known; known are @yearly'],
    ["0 0 0 * * FRI#6", "after # comes a number from 1 to 5"],
  ])("%s: the message says which field and why", (expression, message) => {
    expect(() => CronSchedule.parse(expression)).toThrow(`Cron expression "${expression}" is not valid: `);
    expect(() => CronSchedule.parse(expression)).toThrow(message);
  });

  test.each([5, null, undefined, {}, ["* * * * *"]])("an expression that is no string: %j", (value) => {
    expect(() => CronSchedule.parse(value as never)).toThrow("A cron expression must be a string; it was");
  });

  test.each([
    [{ dayMatch: "AND" }, 'dayMatch must be "and" or "or"; it was "AND". Did you mean "and"?'],
    [{ dayMatch: true }, 'dayMatch must be "and" or "or"; it was true.'],
    [{ timeZone: "UTC" }, 'unknown option "timeZone"; did you mean "timezone"?'],
    [{ timezone: 1 }, "timezone must be a string; it was 1."],
    [null, "its options must be an object; it was null."],
    ["UTC", 'its options must be an object; it was "UTC".'],
  ])("options %j", (options, message) => {
    expect(() => CronSchedule.parse("0 0 0 13 * FRI", options as never)).toThrow(
      `CronSchedule.parse(): ${message}`,
    );
  });

  test.each(["next", "previous", "matches"] as const)("%s of no valid date", (method) => {
    const schedule = CronSchedule.parse("@daily");
    schedule.next(at("2026-01-01T00:00:00Z"));
    for (const value of [new Date(Number.NaN), 5, "2026-01-01", undefined]) {
      expect(() => schedule[method](value as never)).toThrow(`${method}() takes a valid Date; it was`);
    }
  });

  test("the sign that other programs have for that", () => {
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

  test("an interval that is rare finds the hour that comes twice, and skips the one that does not come", () => {
    const timezone = "America/New_York";
    const schedule = CronSchedule.parse("0 */30 1-2 1,8 3,11 *", { timezone });
    const count = (from: string, to: string) => {
      let [time, found] = [schedule.next(at(from)), 0];
      for (; time !== null && time < at(to); time = schedule.next(time)) found += 1;
      return found;
    };
    expect(count("2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00")).toBe(6);
    expect(count("2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00")).toBe(2);
  });

  test("a day that a zone left out is left out", () => {
    expect(next("0 0 12 * * *", "2011-12-29T23:00:00Z", "Pacific/Apia")).toBe("2011-12-30T22:00:00.000Z");
  });
});
