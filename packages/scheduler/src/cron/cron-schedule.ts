/**
 * A cron expression in a time zone. croner parses it and does the calendar; what is added here is what it leaves to
 * its user: refusing what is ambiguous or never comes, and sharing one parsed expression (80 KB each) among all tasks.
 *
 * @see https://man7.org/linux/man-pages/man5/crontab.5.html
 * @see https://github.com/Hexagon/croner
 */
import { Cron, CronPattern } from "croner";
import { type MidnightGap, midnightGaps } from "./midnight-gap.ts";

/** Where day-of-month and day-of-week are both restricted: must both match, or is one enough? */
export type DayMatch = "and" | "or";

/** How an expression is to be read. */
export interface CronScheduleOptions {
  /** An IANA time zone, as `Europe/Berlin`. Default: `UTC`. */
  timezone?: string;
  /** Required where day-of-month and day-of-week are both restricted. */
  dayMatch?: DayMatch;
}

/** Lists and ranges of hours are fixed times too, as in Vixie cron; croner's default takes single values only. */
const PATTERN_OPTIONS = { mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" } as const;

/** Schedules in use. They hold no state, so equal ones are the same one. */
const cache = new Map<string, WeakRef<CronSchedule>>();
const forgotten = new FinalizationRegistry<string>((key) => {
  if (cache.get(key)?.deref() === undefined) cache.delete(key);
});

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
  readonly #cron: Cron;
  /** The same expression on a calendar without clock changes; made only for zones that jump over midnight. */
  #calendar: Cron | undefined;
  readonly #dayMatch: DayMatch | undefined;
  /** The last answer of `next`, which holds for every time from `after` up to `next`. */
  #known = { after: Infinity, next: -Infinity };

  private constructor(expression: string, timezone: string, dayMatch: DayMatch | undefined) {
    const pattern = parsePattern(expression);
    if (!pattern.starDOM && !pattern.starDOW && dayMatch === undefined) {
      throw new RangeError(
        `Cron expression "${expression}" restricts both day-of-month and day-of-week. ` +
          `Say { dayMatch: "and" } if both must match, { dayMatch: "or" } if one is enough (as crontab does).`,
      );
    }
    this.expression = expression;
    this.timezone = timezone;
    this.isFixedTime = pattern.isFixedTime;
    this.#dayMatch = dayMatch;
    this.#cron = this.#parse(timezone);
    if (this.next(new Date(0)) === null) {
      throw new RangeError(`Cron expression "${expression}" never comes: no such date exists.`);
    }
  }

  /**
   * Parses an expression of six fields (second, minute, hour, day-of-month, month, day-of-week) or five (second 0).
   *
   * A field is `*`, a value, a list, a range, or a step (`10-40/10`); months and days have names (`JAN`, `MON`);
   * Sunday is 0 or 7. `L` is the last day of the month, `15W` the working day nearest the 15th, `5L` the last
   * Friday, `5#2` the second. `@yearly`, `@monthly`, `@weekly`, `@daily` and `@hourly` are known.
   *
   * @throws {SyntaxError} when it cannot be parsed
   * @throws {RangeError} when the zone is unknown, the date never comes, or `dayMatch` is needed and missing
   */
  static parse(expression: string, options: CronScheduleOptions = {}): CronSchedule {
    const { timezone = "UTC", dayMatch } = options;
    const key = `${timezone} ${dayMatch} ${expression}`;
    let schedule = cache.get(key)?.deref();
    if (schedule === undefined) {
      assertTimezone(timezone);
      schedule = new CronSchedule(expression.trim(), timezone, dayMatch);
      cache.set(key, new WeakRef(schedule));
      forgotten.register(schedule, key);
    }
    return schedule;
  }

  /** Whether a run falls on the second that `date` is in. */
  matches(date: Date): boolean {
    const second = Math.floor(date.getTime() / 1000) * 1000;
    return this.next(new Date(second - 1))?.getTime() === second;
  }

  /** The first run after a time, or `null` when there is none (before the year 3000). */
  next(after: Date): Date | null {
    const time = after.getTime();
    if (time < this.#known.after || time >= this.#known.next) {
      const next = this.#cron.nextRun(after)?.getTime();
      if (next === undefined) return null;
      const gap = this.#gaps(time, next).find((candidate) => this.#isLostIn(candidate));
      this.#known = { after: time, next: gap?.end ?? next };
    }
    return new Date(this.#known.next);
  }

  /** The last run before a time, or `null` when there is none. */
  previous(before: Date): Date | null {
    const previous = this.#cron.previousRuns(1, before)[0];
    if (previous === undefined) return null;
    const gap = this.#gaps(previous.getTime(), before.getTime()).findLast((candidate) =>
      this.#isLostIn(candidate),
    );
    return gap === undefined ? previous : new Date(gap.end);
  }

  #gaps(after: number, before: number): MidnightGap[] {
    return this.isFixedTime ? midnightGaps(this.timezone, after, before) : [];
  }

  /** Whether a fixed time is in the gap, and so has to be made up for at its end. */
  #isLostIn({ from, to }: MidnightGap): boolean {
    this.#calendar ??= this.#parse("UTC");
    const first = this.#calendar.nextRun(new Date(from - 1));
    return first !== null && first.getTime() < to;
  }

  #parse(timezone: string): Cron {
    const domAndDow = this.#dayMatch === "and";
    return new Cron(this.expression, { ...PATTERN_OPTIONS, timezone, domAndDow });
  }
}

function parsePattern(expression: string): CronPattern {
  let pattern: CronPattern;
  try {
    pattern = new CronPattern(expression, undefined, PATTERN_OPTIONS);
  } catch (error) {
    const reason = (error as Error).message.replace(/^CronPattern: /, "");
    throw new SyntaxError(`Cron expression "${expression}" is not valid: ${reason}`, { cause: error });
  }
  if (pattern.useAndLogic) {
    throw new SyntaxError(`Cron expression "${expression}": write { dayMatch: "and" } instead of "+".`);
  }
  return pattern;
}

function assertTimezone(timezone: string): void {
  try {
    Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch (error) {
    throw new RangeError(`Unknown time zone "${timezone}"; use an IANA name, as "Europe/Berlin".`, {
      cause: error,
    });
  }
}
