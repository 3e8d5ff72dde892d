/**
 * A cron expression in a time zone: the times it means, across all that clocks do.
 *
 * @see https://man7.org/linux/man-pages/man5/crontab.5.html
 * @see https://man7.org/linux/man-pages/man8/cron.8.html for what happens when the clocks change
 */
import { type Checks, checkOptions, oneOf, show, typeOf } from "../values/check.ts";
import { type Calendar, DAY, firstFrom, lastTo } from "./calendar.ts";
import { type DayMatch, type Pattern, parsePattern } from "./pattern.ts";
import { type ClockChange, keep, LAST_TIME, Zone } from "./zone.ts";

/** How an expression is to be read. */
export interface CronScheduleOptions {
  /** An IANA time zone, such as `Europe/Berlin`. Default: `UTC`. */
  timezone?: string;
  /** Required where day-of-month and day-of-week are both restricted. */
  dayMatch?: DayMatch;
}

/** The checks of {@link CronScheduleOptions}. */
export const CRON_CHECKS: Checks = { timezone: typeOf("string"), dayMatch: oneOf("and", "or") };

const HOUR = 3_600_000;
/** A longer gap is no change of clocks, but a zone that changes its side of the date line. */
const LONGEST_GAP = 3 * HOUR;
/** No zone is further from UTC than this, and none repeats more than this. */
const FURTHEST_OFFSET = 16 * HOUR;
const LONGEST_REPEAT = 26 * HOUR;

/** Schedules hold no state but their last answer, so equal ones may be the same one. */
const recent = new Map<string, CronSchedule>();
const RECENT = 1000;

/** A parsed cron expression. */
export class CronSchedule {
  /** The expression as given. */
  readonly expression: string;
  /** The IANA zone it is read in. */
  readonly timezone: string;
  /**
   * Whether seconds, minutes and hours are all named, with no `*` and no step. On the days the clocks change, a
   * fixed time that does not exist is moved to the end of the gap, and one that comes twice counts once; all other
   * schedules follow the clock as it is.
   */
  readonly isFixedTime: boolean;
  readonly #calendar: Calendar;
  readonly #zone: Zone;
  /** The last answer of `next`, which holds for every time from `#after` up to it. */
  #after = Infinity;
  #next = -Infinity;

  private constructor(expression: string, timezone: string, dayMatch: DayMatch | undefined) {
    const pattern = parse(expression);
    if (pattern.daysOfMonth !== undefined && pattern.daysOfWeek !== undefined && dayMatch === undefined) {
      throw new RangeError(
        `Cron expression ${show(expression)} restricts both day-of-month and day-of-week. ` +
          `Say { dayMatch: "and" } if both must match, { dayMatch: "or" } if one is enough (as crontab does).`,
      );
    }
    this.expression = expression;
    this.timezone = timezone;
    this.isFixedTime = pattern.isFixedTime;
    this.#calendar = { ...pattern, dayMatch: dayMatch ?? "or" };
    this.#zone = Zone.of(timezone);
    if (this.next(new Date(0)) === null) {
      throw new RangeError(`Cron expression ${show(expression)} never comes: no such date exists.`);
    }
  }

  /**
   * Parses an expression of six fields (second, minute, hour, day-of-month, month, day-of-week), five (second 0), or
   * seven (a year from 1970 to 9999 at the end).
   *
   * A field is `*`, a value, a range, a step (`10-40/10`, `5/15`), or a list; ranges may go past the end (`22-4`,
   * `FRI-MON`); months and days have names (`JAN`, `MON`); Sunday is 0 or 7; `?` is `*` for a day. `L` is the last day
   * of the month, `L-3` three days before, `15W` the working day nearest the 15th, `LW` the last one; `5L` or `FRIL`
   * the last Friday, `5#2` the second. `@yearly`, `@monthly`, `@weekly`, `@daily` and `@hourly` are known.
   *
   * @throws {SyntaxError} when it cannot be parsed
   * @throws {RangeError} when the zone is unknown, the date never comes, or `dayMatch` is needed and missing
   * @throws {TypeError} when it is no string, or there is no such option
   */
  static parse(expression: string, options: CronScheduleOptions = {}): CronSchedule {
    if (typeof expression !== "string") {
      throw new TypeError(`A cron expression must be a string; it was ${show(expression)}.`);
    }
    checkOptions("CronSchedule.parse()", options, CRON_CHECKS);
    const { timezone = "UTC", dayMatch } = options;
    const key = JSON.stringify([timezone, dayMatch, expression]);
    let schedule = recent.get(key);
    if (schedule === undefined) {
      schedule = new CronSchedule(expression.trim(), timezone, dayMatch);
      keep(recent, key, schedule, RECENT);
    }
    return schedule;
  }

  /**
   * Whether a run falls on the second that `date` is in.
   *
   * @throws {TypeError} when it is no valid `Date`
   */
  matches(date: Date): boolean {
    const second = Math.floor(timeOf(date, "matches") / 1000) * 1000;
    return this.#find(second - 1) === second;
  }

  /**
   * The first run after a time, or `null` when there is none.
   *
   * @throws {TypeError} when it is no valid `Date`
   */
  next(after: Date): Date | null {
    const time = timeOf(after, "next");
    if (time < this.#after || time >= this.#next) {
      const next = this.#find(time);
      if (next === undefined) return null;
      this.#after = time;
      this.#next = next;
    }
    return new Date(this.#next);
  }

  /**
   * The last run before a time, or `null` when there is none.
   *
   * @throws {TypeError} when it is no valid `Date`
   */
  previous(before: Date): Date | null {
    const time = timeOf(before, "previous");
    const previous = this.isFixedTime ? this.#previousFixed(time) : this.#previousOpen(time);
    return previous === undefined ? null : new Date(previous);
  }

  #find(after: number): number | undefined {
    const next = this.isFixedTime ? this.#nextFixed(after) : this.#nextOpen(after);
    return next === undefined || next > LAST_TIME ? undefined : next;
  }

  /** Fixed times come in the order of local time, each once: from the latest that was reached, look for the next. */
  #nextFixed(after: number): number | undefined {
    let local: number | undefined = this.#latestLocal(after) + 1;
    for (;;) {
      local = firstFrom(this.#calendar, local);
      if (local === undefined) return undefined;
      const time = this.#instantOf(local);
      if (time !== undefined && time > after) return time;
      local += 1000;
    }
  }

  #previousFixed(before: number): number | undefined {
    // In a repeated hour, what is before may be later by the clock than what is now.
    let local: number | undefined = this.#latestLocal(before - 1);
    for (;;) {
      local = lastTo(this.#calendar, local);
      if (local === undefined) return undefined;
      const time = this.#instantOf(local);
      if (time !== undefined && time < before) return time;
      local -= 1000;
    }
  }

  /** Other times are what the clock shows: look for them from one change of clocks to the next. */
  #nextOpen(after: number): number | undefined {
    let from = after + 1;
    for (;;) {
      const offset = this.#zone.offsetAt(from);
      const local = firstFrom(this.#calendar, from + offset);
      if (local === undefined) return undefined;
      // Only a change that comes soon can bring back what the clock has shown by now; over the rest, leap.
      const earliest = midnight(local) - FURTHEST_OFFSET;
      const soon = Math.min(local - offset, from + LONGEST_REPEAT);
      const change = this.#zone.changes(from, earliest > soon ? soon : local - offset).next().value;
      if (change !== undefined) from = change.at;
      else if (earliest > soon) from = earliest;
      else return local - offset;
    }
  }

  #previousOpen(before: number): number | undefined {
    let to = before - 1;
    for (;;) {
      const offset = this.#zone.offsetAt(to);
      const local = lastTo(this.#calendar, to + offset);
      if (local === undefined) return undefined;
      const latest = midnight(local) + DAY + FURTHEST_OFFSET;
      const soon = Math.max(local - offset, to - LONGEST_REPEAT);
      const change = [...this.#zone.changes(latest < soon ? soon : local - offset, to)].at(-1);
      if (change !== undefined) to = change.at - 1;
      else if (latest < soon) to = latest;
      else return local - offset;
    }
  }

  /** The latest time that the clock has shown up to an instant, be it after it was set back. */
  #latestLocal(time: number): number {
    let latest = time + this.#zone.offsetAt(time);
    for (const { at, from } of this.#zone.changes(time - LONGEST_REPEAT, time)) {
      latest = Math.max(latest, at + from - 1);
    }
    return latest;
  }

  /** When the clock first shows a local time; the end of the gap when that is in one; never on a day left out. */
  #instantOf(local: number): number | undefined {
    const earliest = local - FURTHEST_OFFSET;
    let offset = this.#zone.offsetAt(earliest);
    for (const change of this.#zone.changes(earliest, local + FURTHEST_OFFSET)) {
      if (local - offset < change.at) return local - offset;
      if (isLost(local, change)) return change.to - change.from <= LONGEST_GAP ? change.at : undefined;
      offset = change.to;
    }
    return local - offset;
  }
}

function isLost(local: number, { at, from, to }: ClockChange): boolean {
  return local >= at + from && local < at + to;
}

function midnight(local: number): number {
  return Math.floor(local / DAY) * DAY;
}

function timeOf(date: Date, method: string): number {
  const time = date instanceof Date ? date.getTime() : Number.NaN;
  if (Number.isNaN(time)) throw new TypeError(`${method}() takes a valid Date; it was ${show(date)}.`);
  return time;
}

function parse(expression: string): Pattern {
  try {
    return parsePattern(expression);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`Cron expression ${show(expression)} is not valid: ${reason}.`, { cause: error });
  }
}
