/**
 * Lengths of time as a caller writes them: `1500`, `"10m"` or `{ minutes: 5 }`.
 */
import { show } from "./check.ts";

/** A length of time: whole milliseconds, text as `"10m"` or `"1h 30m"`, or the sum of the units given. */
export type Duration =
  | number
  | string
  | {
      days?: number;
      hours?: number;
      minutes?: number;
      seconds?: number;
      milliseconds?: number;
    };

const UNITS: ReadonlyMap<string, number> = new Map([
  ["days", 86_400_000],
  ["hours", 3_600_000],
  ["minutes", 60_000],
  ["seconds", 1000],
  ["milliseconds", 1],
]);
const SHORT_UNITS: ReadonlyMap<string, number> = new Map([
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
]);

/**
 * Converts a duration to whole milliseconds.
 *
 * @param duration milliseconds, text or units; a day is 24 hours
 * @param what what the duration is for, as the error message names it
 * @param least the smallest value allowed, in milliseconds
 * @throws {RangeError} when it is no finite number, smaller than `least`, or names an unknown unit
 * @throws {TypeError} when it is none of the three
 */
export function toMilliseconds(duration: Duration, what: string, least = 0): number {
  const milliseconds = Math.round(sum(duration, what));
  if (!Number.isSafeInteger(milliseconds) || milliseconds < least) {
    throw new RangeError(
      `${what} must be a finite number of milliseconds, ${least} or more; it was ${show(duration)}.`,
    );
  }
  return milliseconds;
}

function sum(duration: Duration, what: string): number {
  if (typeof duration === "number") return duration;
  if (typeof duration === "string") return parse(duration, what);
  if (typeof duration !== "object" || duration === null || Array.isArray(duration)) {
    throw new TypeError(
      `${what} must be milliseconds, text as "10m", or units as { minutes: 10 }; it was ${show(duration)}.`,
    );
  }
  let total = 0;
  let isEmpty = true;
  for (const [unit, amount] of Object.entries(duration)) {
    const size = UNITS.get(unit);
    if (size === undefined) {
      throw new RangeError(`${what}: unknown unit "${unit}"; use ${[...UNITS.keys()].join(", ")}.`);
    }
    if (amount === undefined) continue;
    if (typeof amount !== "number")
      throw new TypeError(`${what}: ${unit} must be a number; it was ${show(amount)}.`);
    total += amount * size;
    isEmpty = false;
  }
  if (isEmpty) throw new RangeError(`${what} names no unit; use ${[...UNITS.keys()].join(", ")}.`);
  return total;
}

/** One part of a length of time, wherever it is looked for. */
const PART = /\s*(\d{1,15}(?:\.\d{1,15})?)\s*(ms|[dhms])\s*/gy;

function parse(text: string, what: string): number {
  const parts = text.length > 100 ? [] : [...text.matchAll(PART)];
  const length = parts.reduce((total, [part]) => total + part.length, 0);
  if (length === 0 || length < text.length) {
    throw new RangeError(
      `${what}: ${show(text)} is no length of time; write "90s", "10m", "1h 30m" or "2d".`,
    );
  }
  return parts.reduce(
    (total, [, amount, unit = ""]) => total + Number(amount) * (SHORT_UNITS.get(unit) ?? 0),
    0,
  );
}
