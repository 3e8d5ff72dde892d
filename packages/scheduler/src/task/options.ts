/**
 * What a caller can say about a scheduler and its tasks.
 */
import type { Clock } from "../engine/clock.ts";
import type { DayMatch } from "../cron/pattern.ts";
import type { Once } from "../once/once.ts";

/** What a task is told about the run it is in. */
export interface TaskRun {
  /** The task's name. */
  readonly name: string;
  /** Aborts on `timeoutMs`, on `overlap: "cancel"`, when an `exclusive` run loses its lease, and at the end of `stop`'s grace. */
  readonly signal: AbortSignal;
  /** The slot this run is for; it may have started later. */
  readonly scheduledAt: Date;
  /** 1, and one more for each retry. */
  readonly attempt: number;
  /**
   * With `exclusive`, a number larger than that of every earlier run in the fleet; else `undefined`. What the task writes
   * to should refuse a number that is smaller than one it has seen.
   */
  readonly fencingToken: number | undefined;
}

/** The work to do. What it returns is awaited and dropped. */
export type Task = (run: TaskRun) => unknown;

/** A run that failed. */
export interface FailedRun {
  readonly name: string;
  readonly scheduledAt: Date;
  readonly attempt: number;
  /** Whether this slot is tried again. */
  readonly willRetry: boolean;
}

/** What to do when a cron slot comes while the run before it goes on. */
export type Overlap =
  /** Leave the slot out (the default). */
  | "skip"
  /** Run it as soon as the run has settled; one slot can wait, further ones are left out. */
  | "queue"
  /** Run both. */
  | "allow"
  /** Abort the running one's signal, and run as soon as it has settled. */
  | "cancel";

/** Options of a {@link Scheduler}. */
export interface SchedulerOptions {
  /**
   * Told of each failed attempt of any task; the schedule goes on in any case, also when this throws or rejects.
   * Default: written to `console.error`.
   */
  onError?: (error: unknown, run: FailedRun) => unknown;
  /** Lets the process end while tasks are scheduled. Default: `false`. */
  unref?: boolean;
  /** Where the time comes from. Default: the machine. */
  clock?: Clock;
}

/** Options of every kind of task. */
export interface TaskOptions {
  /**
   * How the handle, events and errors call it; unique in its scheduler, and required with `once`.
   * Default: the kind and a number, as in `every-1`.
   */
  name?: string;
  /**
   * After so many milliseconds the run's signal aborts, and the run has failed. It counts as running until it settles, or
   * for 100 ms more: then it is abandoned, and no longer in the way of the next slot.
   */
  timeoutMs?: number;
  /**
   * Tries a failed run again: `attempts` in all, the first included, `backoffMs` milliseconds after the failure, twice
   * as long after each further one. A retry that would not start before the next slot is not made.
   */
  retry?: { attempts: number; backoffMs: number };
  /** Starts each run up to so many milliseconds late, at random, so that not all instances do the same at once. */
  jitterMs?: number;
  /** Ends the schedule after so many runs; retries and `trigger` do not count. */
  maxRuns?: number;
  /** Ends the schedule: no slot after this time (a `Date` or milliseconds since 1970) is run. */
  until?: Date | number;
}

/** Options of tasks whose times are the same on every instance. */
export interface SharedOptions {
  /** Runs each slot on one instance only. See `redisOnce` and `postgresOnce`. */
  once?: Once;
  /**
   * Runs the task on one instance at a time: while a run goes on anywhere, a slot is left out, or with `every` and
   * `overlap: "queue"` waits for it. The task gets a fencing token. Needs `once`. Default: as `once` says, else `false`.
   */
  exclusive?: boolean;
  /**
   * Runs the latest slot at the start if no instance has, and it is no older than so many milliseconds; also when the
   * database was away, or the machine slept, for that long. Needs `once`. Default: none; slots before the start are
   * not looked at.
   */
  catchUpMs?: number;
}

/** Options of `every`. */
export interface EveryOptions extends TaskOptions, SharedOptions {
  /**
   * How late a slot may start, in milliseconds, after the machine slept or the process was blocked.
   * Default: as late as it gets; with `once`, as for cron. With `once`, slots are multiples of the interval since
   * 1970-01-01T00:00Z.
   */
  graceMs?: number;
}

/** Options of `at`. */
export interface AtOptions extends Omit<TaskOptions, "maxRuns" | "until">, SharedOptions {
  /** How late the run may start, in milliseconds, when the date passes while the machine sleeps. Default: 5 minutes. */
  graceMs?: number;
}

/** Options of `cron`. */
export interface CronOptions extends TaskOptions, SharedOptions {
  /** An IANA time zone, as `Europe/Berlin`. Default: `UTC`. */
  timezone?: string;
  /** Required where day-of-month and day-of-week are both restricted: must both match, or one? */
  dayMatch?: DayMatch;
  /** What happens to a slot that comes while the run before it goes on. Default: `"skip"`. */
  overlap?: Overlap;
  /**
   * How late a slot may start, in milliseconds, after the machine slept, the process was blocked, or the clock was
   * set. Default: half the time to the next slot, but no more than 5 minutes.
   */
  graceMs?: number;
}
