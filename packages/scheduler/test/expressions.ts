/**
 * Random cron expressions, each with what it means beside it, so that no parser is needed to check one.
 */
import * as fc from "fast-check";

/** A generated expression: its text, and what it means. */
export interface Expression {
  readonly text: string;
  readonly dayMatch: "and" | "or";
  readonly isFixed: boolean;
  readonly seconds: readonly number[];
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** `undefined` is every year. */
  readonly years: ReadonlySet<number> | undefined;
  readonly day: DayRule;
  readonly weekday: DayRule;
}

export interface DayRule {
  readonly text: string;
  readonly matches: (year: number, month: number, day: number) => boolean;
}

interface Field {
  readonly text: string;
  readonly values: readonly number[];
}

function upTo(least: number, most: number, step = 1): number[] {
  return Array.from({ length: Math.floor((most - least) / step) + 1 }, (_, i) => least + i * step);
}

/** From one value to another, past the end and on from the beginning if need be; 7 of the week is Sunday. */
function around(from: number, to: number, least: number, most: number): number[] {
  if (from <= to) return upTo(from, to);
  if (most === 7) return around(from % 7, to, 0, 6);
  return [...upTo(from, most), ...upTo(least, to)];
}

/** Fields of whole numbers: `*`, a value, a list, a range (also one that wraps), and steps. */
function field(least: number, most: number): fc.Arbitrary<Field> {
  const value = fc.integer({ min: least, max: most });
  const range = fc.tuple(value, value);
  const step = fc.integer({ min: 1, max: most - least });
  const last = most === 7 ? 6 : most;
  return fc.oneof(
    { weight: 3, arbitrary: value.map((v) => ({ text: `${v}`, values: [v] })) },
    {
      weight: 2,
      arbitrary: fc
        .uniqueArray(value, { minLength: 2, maxLength: 4 })
        .map((values) => ({ text: values.join(","), values })),
    },
    {
      weight: 2,
      arbitrary: range.map(([a, b]) => ({ text: `${a}-${b}`, values: around(a, b, least, most) })),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(range, step).map(([[a, b], s]) => ({
        text: `${a}-${b}/${s}`,
        values: around(a, b, least, most).filter((_, index) => index % s === 0),
      })),
    },
    { weight: 1, arbitrary: step.map((s) => ({ text: `*/${s}`, values: upTo(least, most, s) })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: least, max: last }), step)
        .map(([a, s]) => ({ text: `${a}/${s}`, values: upTo(a, last, s) })),
    },
    { weight: 1, arbitrary: fc.constant({ text: "*", values: upTo(least, most) }) },
  );
}

const NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const anyDay: DayRule = { text: "*", matches: () => true };

const lastDay = (y: number, m: number) => new Date(Date.UTC(y, m, 0)).getUTCDate();
const weekdayOf = (y: number, m: number, d: number) => new Date(Date.UTC(y, m - 1, d)).getUTCDay();
const isWorkday = (y: number, m: number, d: number) => ![0, 6].includes(weekdayOf(y, m, d));

/** The working day nearest to a day, in the same month. */
function nearestWorkday(y: number, m: number, d: number): number {
  const candidates = [d, d - 1, d + 1, d - 2, d + 2];
  return candidates.find((c) => c >= 1 && c <= lastDay(y, m) && isWorkday(y, m, c)) as number;
}

/** Days counted from the end of the month. */
const fromEnd: fc.Arbitrary<DayRule> = fc.oneof(
  fc.constant<DayRule>({ text: "L", matches: (y, m, d) => d === lastDay(y, m) }),
  fc.constant<DayRule>({
    text: "LW",
    matches: (y, m, d) => isWorkday(y, m, d) && !upTo(d + 1, lastDay(y, m)).some((e) => isWorkday(y, m, e)),
  }),
  fc.integer({ min: 1, max: 30 }).map((n) => ({
    text: `L-${n}`,
    matches: (y: number, m: number, d: number) => d === lastDay(y, m) - n,
  })),
  fc.integer({ min: 1, max: 27 }).map((n) => ({
    text: `L-${n}W`,
    matches: (y: number, m: number, d: number) => d === nearestWorkday(y, m, lastDay(y, m) - n),
  })),
);

const dayRule: fc.Arbitrary<DayRule> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(anyDay) },
  { weight: 1, arbitrary: fc.constant<DayRule>({ ...anyDay, text: "?" }) },
  {
    weight: 4,
    arbitrary: field(1, 31).map(({ text, values }) =>
      text === "*" ? anyDay : { text, matches: (_y: number, _m: number, d: number) => values.includes(d) },
    ),
  },
  { weight: 3, arbitrary: fromEnd },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 31 }).map((near) => ({
      text: `${near}W`,
      matches: (y: number, m: number, d: number) => near <= lastDay(y, m) && d === nearestWorkday(y, m, near),
    })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fromEnd, fc.integer({ min: 1, max: 31 })).map(([rule, day]) => ({
      text: `${day},${rule.text}`,
      matches: (y: number, m: number, d: number) => d === day || rule.matches(y, m, d),
    })),
  },
);

const weekdayRule: fc.Arbitrary<DayRule> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })).map(([a, b]) => {
      const values = around(a, b, 0, 6);
      return {
        text: `${NAMES[a]}-${NAMES[b]}`,
        matches: (y: number, m: number, d: number) => values.includes(weekdayOf(y, m, d)),
      };
    }),
  },
  { weight: 7, arbitrary: fc.constant(anyDay) },
  {
    weight: 3,
    arbitrary: field(0, 7).map(({ text, values }) =>
      text === "*"
        ? anyDay
        : {
            text,
            matches: (y: number, m: number, d: number) => values.some((v) => v % 7 === weekdayOf(y, m, d)),
          },
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 3 })
      .map((values) => ({
        text: values.map((v) => NAMES[v]).join(","),
        matches: (y: number, m: number, d: number) => values.includes(weekdayOf(y, m, d)),
      })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 5 })).map(([v, nth]) => ({
      text: `${v}#${nth}`,
      matches: (y: number, m: number, d: number) => weekdayOf(y, m, d) === v && Math.ceil(d / 7) === nth,
    })),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 6 }).map((v) => ({
      text: v % 2 === 0 ? `${v}L` : `${NAMES[v]}L`,
      matches: (y: number, m: number, d: number) => weekdayOf(y, m, d) === v && d + 7 > lastDay(y, m),
    })),
  },
);

/** Months are left open mostly, so that most expressions come in most windows. */
const months: fc.Arbitrary<Field> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ text: "*", values: upTo(1, 12) }) },
  { weight: 2, arbitrary: field(1, 12) },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 3, maxLength: 8 })
      .map((values) => ({ text: values.map((v) => MONTHS[v - 1]).join(","), values })),
  },
);

/** The years of the oracle's windows, and others. */
const years: fc.Arbitrary<Field | null> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant<Field>({ text: "2025,2100", values: [2025, 2100] }) },
  { weight: 1, arbitrary: fc.constant<Field>({ text: "2011-2025", values: upTo(2011, 2025) }) },
  { weight: 1, arbitrary: fc.constant<Field>({ text: "2020/4", values: upTo(2020, 9999, 4) }) },
);

/** Hours around which clocks change are drawn more often. */
const hours: fc.Arbitrary<Field> = fc.oneof(
  field(0, 23),
  fc
    .uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 4 })
    .map((values) => ({ text: values.join(","), values })),
  fc.constantFrom("0-4/2", "0-3", "1-2", "1-4/3").map((text) => {
    const [a = 0, b = 0, s = 1] = text.split(/[-/]/).map(Number);
    return { text, values: upTo(a, b, s) };
  }),
  fc.constantFrom(...[0, 1, 2, 3, 23].map((v) => ({ text: `${v}`, values: [v] }))),
);

/** Random expressions of five, six and seven fields. */
export const expressions: fc.Arbitrary<Expression> = fc
  .record({
    second: fc.option(
      fc.oneof(
        fc.constant<Field>({ text: "0", values: [0] }),
        fc.integer({ min: 0, max: 59 }).map((v) => ({ text: `${v}`, values: [v] })),
        fc.constant<Field>({ text: "0-50/25", values: [0, 25, 50] }),
        fc.constant<Field>({ text: "15,45", values: [15, 45] }),
      ),
    ),
    minute: field(0, 59),
    hour: hours,
    day: dayRule,
    month: months,
    weekday: weekdayRule,
    year: years,
    dayMatch: fc.constantFrom("and" as const, "or" as const),
  })
  .map(({ second, minute, hour, day, month, weekday, year, dayMatch }) => ({
    text: [
      ...(second === null ? (year === null ? [] : ["0"]) : [second.text]),
      minute.text,
      hour.text,
      day.text,
      month.text,
      weekday.text,
      ...(year === null ? [] : [year.text]),
    ].join(" "),
    dayMatch,
    isFixed: ![second?.text ?? "0", minute.text, hour.text].some((text) => /[*/]/.test(text)),
    seconds: (second?.values ?? [0]).toSorted((a, b) => a - b),
    minutes: new Set(minute.values),
    hours: new Set(hour.values),
    months: new Set(month.values),
    years: year === null ? undefined : new Set(year.values),
    day,
    weekday,
  }));
