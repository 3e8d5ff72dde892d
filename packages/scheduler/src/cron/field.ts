/**
 * One field of a cron expression: values, names, ranges, steps, and lists of them.
 */

import { show } from "../values/check.ts";

/** What a field can hold. */
export interface Field {
  /** As a message names it. */
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Names for values, from `least` on. */
  readonly names?: readonly string[];
  /** Whether a range may go past the end and on from the beginning, as `22-4` does. */
  readonly wraps: boolean;
}

export const SECOND: Field = { name: "second", least: 0, most: 59, wraps: true };
export const MINUTE: Field = { name: "minute", least: 0, most: 59, wraps: true };
export const HOUR: Field = { name: "hour", least: 0, most: 23, wraps: true };
export const DAY_OF_MONTH: Field = { name: "day-of-month", least: 1, most: 31, wraps: true };
export const MONTH: Field = {
  name: "month",
  least: 1,
  most: 12,
  names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  wraps: true,
};
/** Sunday is 7 too; that is made 0 when it is read. */
export const DAY_OF_WEEK: Field = {
  name: "day-of-week",
  least: 0,
  most: 6,
  names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
  wraps: true,
};
export const YEAR: Field = { name: "year", least: 1970, most: 9999, wraps: false };

/** Every value of a field, once for all expressions that say `*`. */
const everyValue = new Map<Field, readonly number[]>();

/**
 * Reads a field that holds nothing but values: `*`, `5`, `MON`, `1-5`, `22-4`, steps such as `10-40/10` and `5/15`, and
 * lists of them.
 *
 * @returns the values, ascending, each once
 * @throws {SyntaxError} when it is not one
 */
export function parseValues(text: string, field: Field): readonly number[] {
  if (text === "*") {
    let all = everyValue.get(field);
    if (all === undefined) everyValue.set(field, (all = valuesFrom(field.least, field.most, 1)));
    return all;
  }
  const values = new Set<number>();
  for (const item of text.split(",")) for (const value of parseItem(item, field)) values.add(value);
  return [...values].toSorted((a, b) => a - b);
}

/**
 * Reads one item of a list.
 *
 * @returns its values, in the order in which the range runs
 * @throws {SyntaxError} when it is none
 */
export function parseItem(item: string, field: Field): number[] {
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item);
  if (match === null) {
    const allowed = "a value, a range (1-5), a step (*/5) or a list of them";
    throw new SyntaxError(
      item === "" ? `${field.name} is empty` : `${field.name} ${show(item)} is not ${allowed}`,
    );
  }
  const [, star, first = "", last, stepText] = match;
  const size = field.most - field.least + 1;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1 || step > size) {
    throw new SyntaxError(`the step of ${field.name} "${item}" is not between 1 and ${size}`);
  }
  if (star !== undefined) return valuesFrom(field.least, field.most, step);
  const from = parseValue(first, field);
  // Past the end, values go on from the beginning; that makes 7 of the week Sunday, too.
  const wrapped = (value: number) => (value > field.most ? value - size : value);
  if (last === undefined) {
    const start = wrapped(from);
    return valuesFrom(start, stepText === undefined ? start : field.most, step);
  }
  const to = parseValue(last, field);
  if (from <= to) return valuesFrom(from, to, step).map(wrapped);
  if (!field.wraps) throw new SyntaxError(`${field.name} "${item}" runs backwards`);
  const start = wrapped(from);
  return valuesFrom(start, to < start ? to + size : to, step).map(wrapped);
}

function parseValue(text: string, field: Field): number {
  const name = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (name !== -1) return field.least + name;
  const most = field === DAY_OF_WEEK ? 7 : field.most;
  if (!/^\d{1,4}$/.test(text)) {
    const names = field.names === undefined ? "" : `, or a name (${field.names.join(", ")})`;
    throw new SyntaxError(`${field.name} "${text}" is not a number from ${field.least} to ${most}${names}`);
  }
  const value = Number(text);
  if (value < field.least || value > most) {
    throw new SyntaxError(`${field.name} "${text}" is not between ${field.least} and ${most}`);
  }
  return value;
}

function valuesFrom(first: number, last: number, step: number): number[] {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}
