/**
 * When a task is due, apart from all else: a grid of equal intervals, the slots of a cron expression, or one date.
 */
import type { CronSchedule } from "../cron/cron-schedule.ts";
import type { TimeBase } from "../engine/engine.ts";

export interface Timetable {
  /** The clock its slots are counted on. */
  readonly base: TimeBase;
  /** Whether a slot is due again when the wall clock is set back before it. */
  readonly repeats: boolean;
  /** The first slot after a time. */
  next(after: number): number | undefined;
  /** The last slot at or before a time. */
  latest(at: number): number | undefined;
}

/** Slots at `anchor + n · interval`, all in milliseconds. Whole numbers keep it exact for as long as numbers do. */
export function grid(base: TimeBase, anchor: number, interval: number): Timetable {
  const slot = (n: number) => anchor + Math.max(n, 0) * interval;
  return {
    base,
    repeats: true,
    next: (after) => slot(Math.floor((after - anchor) / interval) + 1),
    latest: (at) => (at < anchor ? undefined : slot(Math.floor((at - anchor) / interval))),
  };
}

/** The slots of a cron expression. */
export function cronTimetable(schedule: CronSchedule): Timetable {
  return {
    base: "wall",
    repeats: !schedule.isFixedTime,
    next: (after) => schedule.next(new Date(after))?.getTime(),
    latest: (at) => schedule.previous(new Date(at + 1))?.getTime(),
  };
}

/** One slot. */
export function single(time: number): Timetable {
  return {
    base: "wall",
    repeats: false,
    next: (after) => (after < time ? time : undefined),
    latest: (at) => (at < time ? undefined : time),
  };
}
