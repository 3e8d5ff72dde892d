/**
 * What a cron expression says, in a form that is small to keep (10,000 of them are a few megabytes) and fast to ask.
 *
 * @see https://man7.org/linux/man-pages/man5/crontab.5.html
 */
import {
  DAY_OF_MONTH,
  DAY_OF_WEEK,
  HOUR,
  MINUTE,
  MONTH,
  parseItem,
  parseValues,
  SECOND,
  YEAR,
} from "./field.ts";

/** Days of the month; sets of numbers are bits of one. */
export interface DaysOfMonth {
  /** Bit 1 is the 1st. */
  readonly days: number;
  /** How many days before the last of the month: 0 for `L`, 3 for `L-3`. */
  readonly fromEnd: readonly number[];
  /** `15W`: the working day nearest to the 15th. */
  readonly nearWorkday: readonly number[];
  /** `LW` and `L-3W`: the working day nearest to so many days before the last. */
  readonly nearWorkdayFromEnd: readonly number[];
}

/** Days of the week; bit 0 is Sunday. */
export interface DaysOfWeek {
  readonly days: number;
  /** `5L`: the last Friday of the month. */
  readonly last: number;
  /** `5#2`: the second Friday; the first entry is for `#1`. */
  readonly nth: readonly number[];
}

/** Where day-of-month and day-of-week are both restricted: must both match, or is one enough? */
export type DayMatch = "and" | "or";

export interface Pattern {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Bit 1 is January. */
  readonly months: number;
  /** Ascending; `undefined` is every year. */
  readonly years: readonly number[] | undefined;
  /** `undefined` is every day. */
  readonly daysOfMonth: DaysOfMonth | undefined;
  readonly daysOfWeek: DaysOfWeek | undefined;
  /** Whether second, minute and hour are all named, with no `*` and no step. */
  readonly isFixedTime: boolean;
}

/** The longest expression that is read, in characters; a list of all seconds has 169. */
const LONGEST = 1000;

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 0 1 1 *"],
  ["@annually", "0 0 0 1 1 *"],
  ["@monthly", "0 0 0 1 * *"],
  ["@weekly", "0 0 0 * * 0"],
  ["@daily", "0 0 0 * * *"],
  ["@midnight", "0 0 0 * * *"],
  ["@hourly", "0 0 * * * *"],
]);

/**
 * Reads an expression of five, six or seven fields, or a nickname.
 *
 * @throws {SyntaxError} when it is none; the message says which field is wrong, and begins in small letters
 */
export function parsePattern(expression: string): Pattern {
  if (expression.length > LONGEST) throw new SyntaxError(`it is longer than ${LONGEST} characters`);
  const fields = fieldsOf(expression);
  const [second = "", minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = "", year = "*"] =
    fields;
  return {
    seconds: parseValues(second, SECOND),
    minutes: parseValues(minute, MINUTE),
    hours: parseValues(hour, HOUR),
    daysOfMonth: isOpen(dayOfMonth) ? undefined : parseDaysOfMonth(dayOfMonth),
    months: bits(parseValues(month, MONTH)),
    daysOfWeek: isOpen(dayOfWeek) ? undefined : parseDaysOfWeek(dayOfWeek),
    years: year === "*" ? undefined : parseValues(year, YEAR),
    isFixedTime: !/[*/]/.test(second + minute + hour),
  };
}

function fieldsOf(expression: string): string[] {
  let text = expression.trim();
  if (text.startsWith("@")) {
    const meaning = NICKNAMES.get(text.toLowerCase());
    if (meaning === undefined) {
      throw new SyntaxError(`"${text}" is not known; known are ${[...NICKNAMES.keys()].join(", ")}`);
    }
    text = meaning;
  }
  const fields = text.split(/\s+/);
  if (fields.length < 5 || fields.length > 7 || text === "") {
    const count = text === "" ? 0 : fields.length;
    throw new SyntaxError(
      "it needs six fields (second, minute, hour, day-of-month, month, day-of-week), " +
        `five (without the second) or seven (with a year at the end), and has ${count}`,
    );
  }
  return fields.length === 5 ? ["0", ...fields] : fields;
}

/** Whether a field leaves its day to the other one. */
function isOpen(text: string): boolean {
  return text === "*" || text === "?";
}

function parseDaysOfMonth(text: string): DaysOfMonth {
  const fromEnd: number[] = [];
  const nearWorkday: number[] = [];
  const nearWorkdayFromEnd: number[] = [];
  const days: number[] = [];
  for (const item of text.split(",")) {
    const [isLast, offset = "0", w] = /^L(?:-(\d{1,2}))?(W)?$/i.exec(item) ?? [];
    const [isNear, near] = /^(\d{1,2})W$/i.exec(item) ?? [];
    if (isLast !== undefined) {
      if (Number(offset) > 30) throw new SyntaxError(`day-of-month "${item}" is before any month's 1st`);
      (w === undefined ? fromEnd : nearWorkdayFromEnd).push(Number(offset));
    } else if (isNear !== undefined) {
      nearWorkday.push(...parseItem(near ?? "", DAY_OF_MONTH));
    } else {
      days.push(...parseItem(item, DAY_OF_MONTH));
    }
  }
  return { days: bits(days), fromEnd, nearWorkday, nearWorkdayFromEnd };
}

function parseDaysOfWeek(text: string): DaysOfWeek {
  if (text.startsWith("+")) throw new SyntaxError('write { dayMatch: "and" } instead of "+"');
  let [days, last] = [0, 0];
  const nth: number[] = [];
  for (const item of text.split(",")) {
    const [, which = "", suffix] = /^(\w+?(?:-\w+?)?)(L|#.*)?$/i.exec(item) ?? [];
    if (suffix === undefined) {
      days |= bits(parseItem(item, DAY_OF_WEEK));
      continue;
    }
    const found = bits(parseItem(which, DAY_OF_WEEK));
    if (suffix.toUpperCase() === "L") {
      last |= found;
    } else {
      const n = /^#[1-5]$/.test(suffix) ? Number(suffix.slice(1)) : Number.NaN;
      if (Number.isNaN(n)) throw new SyntaxError(`day-of-week "${item}": after # comes a number from 1 to 5`);
      for (let index = nth.length; index < n; index += 1) nth.push(0);
      nth[n - 1] = (nth[n - 1] ?? 0) | found;
    }
  }
  return { days, last, nth };
}

function bits(values: readonly number[]): number {
  return values.reduce((set, value) => set | (1 << value), 0);
}
