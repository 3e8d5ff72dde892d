/**
 * Compares a CronSchedule with the oracle at chosen times of a window.
 */
import { CronSchedule } from "../src/cron/cron-schedule.ts";
import { firings, type Window } from "./dst-oracle.ts";
import type { Expression } from "./expressions.ts";

/** The zones of the oracle. Nuuk is there since its clocks change across midnight. */
export const ZONES: readonly string[] = [
  "UTC",
  "America/New_York",
  "Europe/London",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "America/Sao_Paulo",
  "Asia/Kolkata",
  "Pacific/Chatham",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Antarctica/Troll",
  "Pacific/Auckland",
  "America/Nuuk",
];

/** The years, besides those common to all zones, in which a zone did something strange. */
export const STRANGE_YEARS: Readonly<Record<string, readonly number[]>> = {
  "Pacific/Apia": [2011], // left out a whole day
  "America/Sao_Paulo": [2018], // changed at midnight
  "Africa/Casablanca": [2026], // changes for Ramadan
  "Africa/Cairo": [2023], // took clock changes up again, at midnight
};

/** Counts of what was compared. */
export interface Counts {
  next: number;
  previous: number;
  matches: number;
  impossible: number;
  /** The slowest answer of `next`, in milliseconds. */
  slowest: number;
}

export function noCounts(): Counts {
  return { next: 0, previous: 0, matches: 0, impossible: 0, slowest: 0 };
}

/** Expressions known to have no date. */
const impossible = new WeakSet<Expression>();

/**
 * Checks `next`, `previous` and `matches` at each time against the oracle.
 *
 * @throws {Error} at the first difference
 */
export function compare(
  expression: Expression,
  window: Window,
  times: readonly number[],
  counts: Counts,
  expected: readonly number[] = firings(expression, window),
): void {
  const { zone, start, end } = window;
  const fail = (what: string, at: number, wanted: number | undefined, got: number | undefined) => {
    const show = (time: number | undefined) => (time === undefined ? "none" : new Date(time).toISOString());
    throw new Error(
      `"${expression.text}" (${expression.dayMatch}) in ${zone}: ` +
        `${what}(${show(at)}) is ${show(got)}, should be ${show(wanted)}`,
    );
  };

  if (impossible.has(expression)) {
    if (expected.length > 0) fail("next", start, expected[0], undefined);
    return;
  }
  let schedule: CronSchedule;
  try {
    schedule = CronSchedule.parse(expression.text, { timezone: zone, dayMatch: expression.dayMatch });
  } catch (error) {
    if (!(error as Error).message.includes("never comes")) throw error;
    if (expected.length > 0) fail("next", start, expected[0], undefined);
    counts.impossible += 1;
    impossible.add(expression);
    return;
  }
  if (schedule.isFixedTime !== expression.isFixed)
    throw new Error(`"${expression.text}": isFixedTime is wrong`);

  for (const time of times) {
    const at = lowerBound(expected, time + 1);
    const began = performance.now();
    const next = schedule.next(new Date(time))?.getTime();
    counts.slowest = Math.max(counts.slowest, performance.now() - began);
    if (next !== undefined && next <= time) fail("next", time, expected[at], next);
    if (expected[at] === undefined ? next !== undefined && next < end : next !== expected[at]) {
      fail("next", time, expected[at], next);
    }
    counts.next += 1;

    const before = expected[lowerBound(expected, time) - 1];
    const previous = schedule.previous(new Date(time))?.getTime();
    if (before === undefined ? previous !== undefined && previous >= start : previous !== before) {
      fail("previous", time, before, previous);
    }
    counts.previous += 1;

    const second = Math.floor(time / 1000) * 1000;
    const isMatch = expected[lowerBound(expected, second)] === second;
    if (schedule.matches(new Date(time)) !== isMatch) {
      fail("matches", time, isMatch ? second : undefined, isMatch ? undefined : second);
    }
    counts.matches += 1;
  }
}

/** The first index whose value is not below `least`. */
export function lowerBound(sorted: readonly number[], least: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] as number) < least) from = middle + 1;
    else to = middle;
  }
  return from;
}
