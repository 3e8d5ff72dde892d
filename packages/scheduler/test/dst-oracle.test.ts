import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compare, noCounts, STRANGE_YEARS, ZONES } from "./compare.ts";
import { makeWindow, transitionHours, type Window } from "./dst-oracle.ts";
import { expressions } from "./expressions.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Three days around each change of clocks, and around the ends of February in leap years and years that look so. */
function windowsOf(zone: string): Window[] {
  const windows: Window[] = [];
  for (const year of [2025, ...(STRANGE_YEARS[zone] ?? [])]) {
    for (const hour of transitionHours(zone, year)) {
      windows.push(makeWindow(zone, hour - 1.5 * DAY, hour + 1.5 * DAY));
    }
  }
  for (const year of [2024, 2100, 2104]) {
    windows.push(makeWindow(zone, Date.UTC(year, 1, 28), Date.UTC(year, 2, 2)));
  }
  return windows;
}

/** Times at and about the changes of clocks, and a few anywhere. */
function timesOf(window: Window, anywhere: readonly number[]): number[] {
  const times = anywhere.map((share) => window.start + Math.floor(share * (window.end - window.start)));
  for (const at of window.transitions) {
    times.push(at - HOUR - 1, at - 1, at, at + 1000, at + HOUR, at + HOUR + 1);
  }
  return times.filter((time) => time > window.start && time < window.end);
}

test("next, previous and matches equal a brute force over every minute, in 13 zones, for 150 expressions", () => {
  const windows = ZONES.flatMap(windowsOf);
  const counts = noCounts();
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 2 });
  fc.assert(
    fc.property(expressions, shares, (expression, anywhere) => {
      for (const window of windows) compare(expression, window, timesOf(window, anywhere), counts);
    }),
    { numRuns: 150, endOnFailure: true },
  );
  console.log(
    `oracle: ${windows.length} windows, ${counts.next} comparisons of next, previous and matches each`,
  );
  expect(counts.next).toBeGreaterThan(20_000);
}, 60_000);
