/**
 * The full oracle: whole years, minute by minute, in every zone. Prints what was compared.
 *
 * node scripts/scheduler-oracle.ts [expressions] [seed]
 */
import * as fc from "fast-check";
import { compare, lowerBound, noCounts, STRANGE_YEARS, ZONES } from "../packages/scheduler/test/compare.ts";
import { firings, makeWindow } from "../packages/scheduler/test/dst-oracle.ts";
import { expressions } from "../packages/scheduler/test/expressions.ts";

const HOUR = 3_600_000;
const count = Number(process.argv[2] ?? 150);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const sample = fc.sample(expressions, { numRuns: count, seed });
const anywhere = fc.sample(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
  numRuns: 60,
  seed,
});

console.log(`${count} expressions, seed ${seed}`);
const total = { minutes: 0, slots: 0, ...noCounts() };
for (const zone of ZONES) {
  const counts = noCounts();
  let minutes = 0;
  let slots = 0;
  let transitions = 0;
  for (const year of [2024, 2025, 2100, 2104, ...(STRANGE_YEARS[zone] ?? [])]) {
    const window = makeWindow(zone, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
    minutes += window.local.length;
    transitions += window.transitions.length;
    for (const expression of sample) {
      const expected = firings(expression, window);
      slots += expected.length;
      // Anywhere in the year, about each change of clocks, and from one slot to the next from there on.
      const times = anywhere.map((share) => window.start + Math.floor(share * (window.end - window.start)));
      for (const at of window.transitions) {
        times.push(at - HOUR - 1, at - 1, at, at + 1000, at + HOUR, at + HOUR + 1);
        const first = lowerBound(expected, at - 3 * HOUR);
        times.push(...expected.slice(first, first + 6));
      }
      compare(
        expression,
        window,
        times.filter((time) => time > window.start && time < window.end),
        counts,
        expected,
      );
    }
  }
  console.log(
    `${zone.padEnd(20)} ${minutes} minutes, ${transitions} changes of clocks, ${slots} slots; ` +
      `compared: next ${counts.next}, previous ${counts.previous}, matches ${counts.matches}; no differences`,
  );
  total.minutes += minutes;
  total.slots += slots;
  for (const key of ["next", "previous", "matches"] as const) total[key] += counts[key];
  total.slowest = Math.max(total.slowest, counts.slowest);
}
console.log(
  `${"all".padEnd(20)} ${total.minutes} minutes, ${total.slots} slots; ` +
    `compared: next ${total.next}, previous ${total.previous}, matches ${total.matches}; no differences; ` +
    `the slowest next took ${total.slowest.toFixed(1)} ms`,
);
