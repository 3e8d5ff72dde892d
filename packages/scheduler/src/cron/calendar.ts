/**
 * The local times that a pattern means, on a calendar that knows no zones. A local time is written as the milliseconds
 * since 1970 that it would be in UTC.
 *
 * @see https://howardhinnant.github.io/date_algorithms.html for days to dates and back
 */
import type { DayMatch, DaysOfMonth, DaysOfWeek, Pattern } from "./pattern.ts";

export const DAY = 86_400_000;
/** The Gregorian calendar repeats itself, days of the week included, after 400 years. */
const MONTHS_OF_A_CYCLE = 400 * 12;
const LENGTHS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A pattern, and how its two kinds of days combine. */
export interface Calendar extends Pattern {
  readonly dayMatch: DayMatch;
}

/** The first local time at or after another; `undefined` when there is none. */
export function firstFrom(calendar: Calendar, local: number): number | undefined {
  const day = Math.floor(local / DAY);
  if (isDay(calendar, day)) {
    const second = secondFrom(calendar, Math.ceil((local - day * DAY) / 1000));
    if (second !== undefined) return day * DAY + second * 1000;
  }
  const next = findDay(calendar, day + 1, 1);
  return next === undefined ? undefined : next * DAY + (secondFrom(calendar, 0) ?? 0) * 1000;
}

/** The last local time at or before another; `undefined` when there is none. */
export function lastTo(calendar: Calendar, local: number): number | undefined {
  const day = Math.floor(local / DAY);
  if (isDay(calendar, day)) {
    const second = secondTo(calendar, Math.floor((local - day * DAY) / 1000));
    if (second !== undefined) return day * DAY + second * 1000;
  }
  const previous = findDay(calendar, day - 1, -1);
  return previous === undefined ? undefined : previous * DAY + (secondTo(calendar, 86_399) ?? 0) * 1000;
}

/** The first second of a day at or after another, as a number from 0 to 86,399. */
function secondFrom({ hours, minutes, seconds }: Pattern, from: number): number | undefined {
  const [h, m, s] = [Math.floor(from / 3600), Math.floor(from / 60) % 60, from % 60];
  for (const hour of hours) {
    if (hour < h) continue;
    for (const minute of minutes) {
      if (hour === h && minute < m) continue;
      for (const second of seconds) {
        if (hour === h && minute === m && second < s) continue;
        return hour * 3600 + minute * 60 + second;
      }
    }
  }
  return undefined;
}

/** The last second of a day at or before another. */
function secondTo({ hours, minutes, seconds }: Pattern, to: number): number | undefined {
  const [h, m, s] = [Math.floor(to / 3600), Math.floor(to / 60) % 60, to % 60];
  for (let i = hours.length - 1; i >= 0; i -= 1) {
    const hour = hours[i] ?? 0;
    if (hour > h) continue;
    for (let j = minutes.length - 1; j >= 0; j -= 1) {
      const minute = minutes[j] ?? 0;
      if (hour === h && minute > m) continue;
      for (let k = seconds.length - 1; k >= 0; k -= 1) {
        const second = seconds[k] ?? 0;
        if (hour === h && minute === m && second > s) continue;
        return hour * 3600 + minute * 60 + second;
      }
    }
  }
  return undefined;
}

function isDay(calendar: Calendar, day: number): boolean {
  const date = dateOf(day);
  return (daysOf(calendar, date.year, date.month) & (1 << date.day)) !== 0;
}

/** The first day from one on, forward or backward, that is meant; days are counted from 1970-01-01. */
function findDay(calendar: Calendar, from: number, direction: 1 | -1): number | undefined {
  const { years } = calendar;
  let { year, month, day } = dateOf(from);
  for (let months = 0; months <= MONTHS_OF_A_CYCLE; months += 1) {
    if (years !== undefined && !years.includes(year)) {
      const next = direction === 1 ? years.find((y) => y > year) : years.findLast((y) => y < year);
      if (next === undefined) return undefined;
      [year, month, day] = direction === 1 ? [next, 1, 1] : [next, 12, 31];
    }
    // Of the days that are meant, those that are not on the wrong side of `day`.
    const rest = daysOf(calendar, year, month) & (direction === 1 ? -1 << day : ~(-2 << day));
    if (rest !== 0) {
      const found = 31 - Math.clz32(direction === 1 ? rest & -rest : rest);
      return dayNumber(year, month, found);
    }
    month += direction;
    if (month === 0) [year, month] = [year - 1, 12];
    if (month === 13) [year, month] = [year + 1, 1];
    day = direction === 1 ? 1 : 31;
  }
  return undefined;
}

/** The days of a month that are meant; bit 1 is the 1st. */
function daysOf(
  { months, years, daysOfMonth, daysOfWeek, dayMatch }: Calendar,
  year: number,
  month: number,
): number {
  if ((months & (1 << month)) === 0 || (years !== undefined && !years.includes(year))) return 0;
  const length = monthLength(year, month);
  const all = length === 31 ? -2 : (2 << length) - 2;
  if (daysOfMonth === undefined && daysOfWeek === undefined) return all;
  const weekdayOf1st = (((dayNumber(year, month, 1) + 4) % 7) + 7) % 7;
  if (daysOfWeek === undefined) return all & monthDays(daysOfMonth, length, weekdayOf1st);
  if (daysOfMonth === undefined) return all & weekDays(daysOfWeek, length, weekdayOf1st);
  const [days, weekdays] = [
    monthDays(daysOfMonth, length, weekdayOf1st),
    weekDays(daysOfWeek, length, weekdayOf1st),
  ];
  return all & (dayMatch === "and" ? days & weekdays : days | weekdays);
}

function monthDays(rule: DaysOfMonth | undefined, length: number, weekdayOf1st: number): number {
  if (rule === undefined) return 0;
  let found = rule.days;
  const addWorkday = (day: number) => {
    if (day >= 1 && day <= length) found |= 1 << nearestWorkday(day, length, weekdayOf1st);
  };
  for (const before of rule.fromEnd) if (before < length) found |= 1 << (length - before);
  for (const before of rule.nearWorkdayFromEnd) addWorkday(length - before);
  for (const day of rule.nearWorkday) addWorkday(day);
  return found;
}

function weekDays(rule: DaysOfWeek, length: number, weekdayOf1st: number): number {
  let found = 0;
  for (let day = 1; day <= length; day += 1) {
    const weekday = 1 << ((weekdayOf1st + day - 1) % 7);
    const nth = rule.nth[Math.floor((day - 1) / 7)] ?? 0;
    const last = day + 7 > length ? rule.last : 0;
    if (((rule.days | nth | last) & weekday) !== 0) found |= 1 << day;
  }
  return found;
}

/** The working day nearest to a day, in the same month. */
function nearestWorkday(day: number, length: number, weekdayOf1st: number): number {
  const weekday = (weekdayOf1st + day - 1) % 7;
  if (weekday === 6) return day === 1 ? 3 : day - 1;
  if (weekday === 0) return day === length ? day - 2 : day + 1;
  return day;
}

function monthLength(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (LENGTHS[month - 1] ?? 0);
}

/** The number of a date's day, counted from 1970-01-01. Years begin in March here, so that leap days come last. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function dateOf(number: number): { year: number; month: number; day: number } {
  const date = new Date(number * DAY);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}
