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

/** Fields of whole numbers: `*`, a value, a list, a range, and the steps of both. */
function field(least: number, most: number): fc.Arbitrary<Field> {
  const value = fc.integer({ min: least, max: most });
  const range = fc.tuple(value, value).map((ends) => ends.toSorted((a, b) => a - b) as [number, number]);
  const step = fc.integer({ min: 1, max: most - least });
  return fc.oneof(
    { weight: 3, arbitrary: value.map((v) => ({ text: `${v}`, values: [v] })) },
    {
      weight: 2,
      arbitrary: fc
        .uniqueArray(value, { minLength: 2, maxLength: 4 })
        .map((values) => ({ text: values.join(","), values })),
    },
    { weight: 1, arbitrary: range.map(([a, b]) => ({ text: `${a}-${b}`, values: upTo(a, b) })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(range, step)
        .map(([[a, b], s]) => ({ text: `${a}-${b}/${s}`, values: upTo(a, b, s) })),
    },
    { weight: 1, arbitrary: step.map((s) => ({ text: `*/${s}`, values: upTo(least, most, s) })) },
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

const dayRule: fc.Arbitrary<DayRule> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(anyDay) },
  {
    weight: 4,
    arbitrary: field(1, 31).map(({ text, values }) =>
      text === "*" ? anyDay : { text, matches: (_y: number, _m: number, d: number) => values.includes(d) },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<DayRule>({ text: "L", matches: (y, m, d) => d === lastDay(y, m) }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<DayRule>({
      text: "LW",
      matches: (y, m, d) => isWorkday(y, m, d) && !upTo(d + 1, lastDay(y, m)).some((e) => isWorkday(y, m, e)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 28 }).map((near) => ({
      text: `${near}W`,
      matches: (y: number, m: number, d: number) => d === nearestWorkday(y, m, near),
    })),
  },
);

const weekdayRule: fc.Arbitrary<DayRule> = fc.oneof(
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
      text: `${v}L`,
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

/** Hours around which clocks change are drawn more often. */
const hours: fc.Arbitrary<Field> = fc.oneof(
  field(0, 23),
  field(0, 4).filter(({ text }) => !text.startsWith("*")),
  fc.constantFrom(...[0, 1, 2, 3, 23].map((v) => ({ text: `${v}`, values: [v] }))),
);

/** Random expressions of five and six fields. */
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
    dayMatch: fc.constantFrom("and" as const, "or" as const),
  })
  .map(({ second, minute, hour, day, month, weekday, dayMatch }) => ({
    text: [
      ...(second === null ? [] : [second.text]),
      minute.text,
      hour.text,
      day.text,
      month.text,
      weekday.text,
    ].join(" "),
    dayMatch,
    isFixed: ![second?.text ?? "0", minute.text, hour.text].some((text) => /[*/]/.test(text)),
    seconds: (second?.values ?? [0]).toSorted((a, b) => a - b),
    minutes: new Set(minute.values),
    hours: new Set(hour.values),
    months: new Set(month.values),
    day,
    weekday,
  }));
