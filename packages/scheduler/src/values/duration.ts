/**
 * Lengths of time as a caller writes them: `1500` or `{ minutes: 5 }`.
 */

/** A length of time: whole milliseconds, or the sum of the units given. */
export type Duration =
  | number
  | {
      days?: number;
      hours?: number;
      minutes?: number;
      seconds?: number;
      milliseconds?: number;
    };

const UNITS: Record<string, number> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
};

/**
 * Converts a duration to whole milliseconds.
 *
 * @param duration milliseconds or units; a day is 24 hours
 * @param what what the duration is for, as the error message names it
 * @param least the smallest value allowed, in milliseconds
 * @throws {RangeError} when it is no finite number, smaller than `least`, or names an unknown unit
 */
export function toMilliseconds(duration: Duration, what: string, least = 0): number {
  let total = 0;
  if (typeof duration === "number") {
    total = duration;
  } else {
    for (const [unit, amount] of Object.entries(duration)) {
      const size = UNITS[unit];
      if (size === undefined) {
        throw new RangeError(`${what}: unknown unit "${unit}"; use ${Object.keys(UNITS).join(", ")}.`);
      }
      total += amount * size;
    }
  }
  const milliseconds = Math.round(total);
  if (!Number.isSafeInteger(milliseconds) || milliseconds < least) {
    throw new RangeError(
      `${what} must be a finite number of milliseconds, ${least} or more; it was ${JSON.stringify(duration)}.`,
    );
  }
  return milliseconds;
}
