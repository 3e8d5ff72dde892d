/**
 * The oracle: which minutes a cron expression means, found without any cron library. Every minute of a window is
 * turned into local time by Intl.DateTimeFormat and compared with what the expression was generated from, so the
 * only things trusted are the tz database and the definition below.
 *
 * On days the clocks change: a schedule of fixed times runs once for a time that comes twice, and at the end of the
 * gap for times that do not exist; any other follows the local clock. A gap of more than three hours (a zone that
 * changed its side of the date line) is no change of clocks: the times in it are lost, as in Vixie cron.
 */
import type { Expression } from "./expressions.ts";

const MINUTE = 60_000;
const LONGEST_GAP = 180;

/** The local calendar of every minute in a window. */
export interface Window {
  readonly zone: string;
  /** First minute, in milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  /** Local time of each minute, as if it were UTC, in minutes since 1970. */
  readonly local: Float64Array;
  /** Minutes, as milliseconds since 1970, at which the offset is new. */
  readonly transitions: readonly number[];
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localMinute(zone: string, time: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
    formats.set(zone, format);
  }
  const text = format.format(time); // 2026-03-29 02:30
  const part = (from: number, to: number) => Number(text.slice(from, to));
  const utc = Date.UTC(part(0, 4), part(5, 7) - 1, part(8, 10), part(11, 13), part(14, 16));
  return utc / MINUTE;
}

/** Asks Intl for every minute from `start` to `end`. */
export function makeWindow(zone: string, start: number, end: number): Window {
  const local = new Float64Array((end - start) / MINUTE);
  const transitions: number[] = [];
  for (let i = 0; i < local.length; i += 1) {
    const now = localMinute(zone, start + i * MINUTE);
    local[i] = now;
    if (i > 0 && now !== (local[i - 1] as number) + 1) transitions.push(start + i * MINUTE);
  }
  return { zone, start, end, local, transitions };
}

/** The hours of a year at which a zone's offset is another than an hour before. */
export function transitionHours(zone: string, year: number): number[] {
  const hour = 60 * MINUTE;
  const found: number[] = [];
  for (let time = Date.UTC(year, 0, 1); time < Date.UTC(year + 1, 0, 1); time += hour) {
    if (localMinute(zone, time) !== localMinute(zone, time - hour) + 60) found.push(time);
  }
  return found;
}

/** Every second an expression means in a window, in milliseconds since 1970, ascending. */
export function firings(expression: Expression, window: Window): number[] {
  const { isFixed, seconds } = expression;
  const matches = localMatcher(expression);
  const times: number[] = [];
  let latest = -Infinity;
  for (let i = 0; i < window.local.length; i += 1) {
    const local = window.local[i] as number;
    const gap = i === 0 ? 0 : local - latest - 1;
    const isRepeat = local <= latest;
    const makesUp = isFixed && gap > 0 && gap <= LONGEST_GAP && anyLost(latest + 1, local, matches);
    const isDue = !(isFixed && isRepeat) && matches(local);
    const time = window.start + i * MINUTE;
    if (makesUp && !(isDue && seconds[0] === 0)) times.push(time);
    if (isDue) for (const second of seconds) times.push(time + second * 1000);
    latest = Math.max(latest, local);
  }
  return times;
}

/** Tells whether an expression means a local minute. */
function localMatcher(expression: Expression): (local: number) => boolean {
  const isMinuteOfDay = Uint8Array.from({ length: 1440 }, (_, minute) =>
    Number(expression.hours.has(Math.floor(minute / 60)) && expression.minutes.has(minute % 60)),
  );
  let [day, isDay] = [Number.NaN, false];
  return (local) => {
    if (isMinuteOfDay[local % 1440] !== 1) return false;
    const localDay = Math.floor(local / 1440);
    if (localDay !== day) [day, isDay] = [localDay, matchesDay(expression, localDay)];
    return isDay;
  };
}

function anyLost(from: number, to: number, matches: (local: number) => boolean): boolean {
  for (let local = from; local < to; local += 1) if (matches(local)) return true;
  return false;
}

function matchesDay({ months, years, day, weekday, dayMatch }: Expression, epochDay: number): boolean {
  const date = new Date(epochDay * 1440 * MINUTE);
  const [y, m, d] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  if (!months.has(m) || years?.has(y) === false) return false;
  const [isDay, isWeekday] = [day.matches(y, m, d), weekday.matches(y, m, d)];
  return dayMatch === "or" && !["*", "?"].includes(day.text) && weekday.text !== "*"
    ? isDay || isWeekday
    : isDay && isWeekday;
}
