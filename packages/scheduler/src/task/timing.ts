/**
 * What a caller says about times, made into timetables: by `every`, `after`, `cron` and `at`, and by `reschedule`.
 */
import { CRON_CHECKS, CronSchedule, type CronScheduleOptions } from "../cron/cron-schedule.ts";
import { checkOptions, pointInTime, show } from "../values/check.ts";
import { type Duration, toMilliseconds } from "../values/duration.ts";
import type { CronOptions } from "./options.ts";
import type { TaskKind } from "./status.ts";
import { cronTimetable, grid, single, type Timetable } from "./timetable.ts";

export interface Timing {
  /** As text. */
  readonly schedule: string;
  /** Makes the timetable, given the monotonic time of the first run. `after` has none: each run sets the next. */
  readonly timetable: ((firstRun: number) => Timetable) | undefined;
  /** The interval of `every`, the delay of `after`, else 0; in milliseconds. */
  readonly length: number;
  /** Whether there is one slot only, which must not pass unseen. */
  readonly isSingle: boolean;
}

/** @param isShared whether the slots must be the same on every instance */
export function everyTiming(interval: Duration, isShared: boolean): Timing {
  const length = toMilliseconds(interval, "The interval of every()", 1);
  const timetable = (firstRun: number) =>
    isShared ? grid("wall", 0, length) : grid("monotonic", firstRun, length);
  return { schedule: `every ${length} ms`, timetable, length, isSingle: false };
}

export function afterTiming(delay: Duration): Timing {
  const length = toMilliseconds(delay, "The delay of after()", 1);
  return { schedule: `${length} ms after each run`, timetable: undefined, length, isSingle: false };
}

export function cronTiming(
  expression: string,
  { timezone, dayMatch }: Pick<CronOptions, "timezone" | "dayMatch">,
): Timing {
  const schedule = CronSchedule.parse(expression, {
    ...(timezone !== undefined && { timezone }),
    ...(dayMatch !== undefined && { dayMatch }),
  });
  return {
    schedule: `${schedule.expression} (${schedule.timezone})`,
    timetable: () => cronTimetable(schedule),
    length: 0,
    isSingle: false,
  };
}

export function atTiming(date: Date | number): Timing {
  pointInTime(date, "The date of at()");
  const time = Number(date);
  return { schedule: new Date(time).toISOString(), timetable: () => single(time), length: 0, isSingle: true };
}

/**
 * The times of a task that is given others; its kind stays.
 *
 * @throws {SyntaxError | TypeError | RangeError} when they do not fit its kind, or are wrong
 */
export function retime(
  { kind, options }: { kind: TaskKind; options: CronOptions },
  when: Duration | Date,
  changes: CronScheduleOptions,
): Timing {
  checkOptions(`reschedule() of a task of ${kind}()`, changes, kind === "cron" ? CRON_CHECKS : {});
  const { timezone = options.timezone, dayMatch = options.dayMatch } = changes;
  if (kind === "at") {
    if (when instanceof Date || typeof when === "number") return atTiming(when);
  } else if (kind === "cron") {
    if (typeof when === "string") {
      return cronTiming(when, {
        ...(timezone !== undefined && { timezone }),
        ...(dayMatch !== undefined && { dayMatch }),
      });
    }
  } else if (!(when instanceof Date)) {
    return kind === "after" ? afterTiming(when) : everyTiming(when, options.once !== undefined);
  }
  const wanted = { at: "a date", cron: "a cron expression", every: "an interval", after: "a delay" }[kind];
  throw new TypeError(`A task of ${kind}() is rescheduled to ${wanted}; it was ${show(when)}.`);
}
