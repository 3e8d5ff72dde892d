/**
 * The options of a scheduler and of its tasks.
 */
import type { Clock } from "../engine/clock.ts";
import type { DayMatch } from "../cron/pattern.ts";
import type { Once } from "../once/once.ts";

/** The run that a task is called for. */
export interface TaskRun {
  /** The task's name. */
  readonly name: string;
  /** Aborts on `timeoutMs`, on `overlap: "cancel"`, when an `exclusive` run loses its lease, and when `stop`'s grace ends. */
  readonly signal: AbortSignal;
  /** The slot of this run. The run may have started later. */
  readonly scheduledAt: Date;
  /** 1, and one more for each retry. */
  readonly attempt: number;
  /**
   * With `exclusive`, a number that grows with each run in the fleet; otherwise `undefined`. Where the task writes, refuse
   * a number smaller than one seen before.
   */
  readonly fencingToken: number | undefined;
}

/** The work to do. Its result is awaited and dropped. */
export type Task = (run: TaskRun) => unknown;

/** A run that failed. */
export interface FailedRun {
  readonly name: string;
  readonly scheduledAt: Date;
  readonly attempt: number;
  /** Whether this slot is tried again. */
  readonly willRetry: boolean;
}

/** What happens to a cron slot that comes during a run. */
export type Overlap =
  /** The slot is skipped (the default). */
  | "skip"
  /** The slot waits for the run to settle. One slot can wait; further ones are skipped. */
  | "queue"
  /** Both run. */
  | "allow"
  /** The signal of the run aborts, and the slot runs when that run has settled. */
  | "cancel";

/** Options of a {@link Scheduler}. */
export interface SchedulerOptions {
  /**
   * Called with each failed attempt of any task. The schedule goes on, even when this throws or rejects.
   * Default: `console.error`.
   */
  onError?: (error: unknown, run: FailedRun) => unknown;
  /** Whether the process may end while tasks are scheduled. Default: `false`. */
  unref?: boolean;
  /** The source of time. Default: the machine. */
  clock?: Clock;
}

/** Options of every kind of task. */
export interface TaskOptions {
  /**
   * The name of the task in the handle, in events and in errors. Unique in its scheduler; required with `once`.
   * Default: the kind and a number, such as `every-1`.
   */
  name?: string;
  /**
   * The longest a run may take, in milliseconds. Then its signal aborts and the run has failed. A task that has not settled
   * 100 ms later is abandoned: it no longer blocks the next slot.
   */
  timeoutMs?: number;
  /**
   * Retries a failed run: `attempts` in all, the first included; `backoffMs` milliseconds after the first failure, and twice
   * as long after each further one. A retry that would start after the next slot is not made.
   */
  retry?: { attempts: number; backoffMs: number };
  /** The most that a run starts late, at random, in milliseconds, so that not all instances work at once. Default: 0. */
  jitterMs?: number;
  /** Ends the schedule after this many runs. Retries and `trigger` do not count. */
  maxRuns?: number;
  /** Ends the schedule: no slot after this time runs. A `Date`, or milliseconds since 1970. */
  until?: Date | number;
}

/** Options of tasks whose times are the same on every instance. */
export interface SharedOptions {
  /** Runs each slot on one instance only. See `redisOnce` and `postgresOnce`. */
  once?: Once;
  /**
   * Runs the task on one instance at a time. While a run goes on anywhere, a slot is skipped; with `every` and with
   * `overlap: "queue"` it waits. The task gets a fencing token. Needs `once`. Default: that of `once`, which is `false`.
   */
  exclusive?: boolean;
  /**
   * The greatest age of a missed slot that still runs, in milliseconds: the latest slot before the start, if no instance
   * has run it, and one that an outage of the database or a sleep has swallowed. Needs `once`. Default: slots before the
   * start do not run.
   */
  catchUpMs?: number;
}

/** Options of `every`. */
export interface EveryOptions extends TaskOptions, SharedOptions {
  /**
   * The most that a slot may start late, in milliseconds, after the machine slept or the process was blocked.
   * Default: no limit; with `once`, as for cron. With `once`, slots are multiples of the interval since
   * 1970-01-01T00:00Z.
   */
  graceMs?: number;
}

/** Options of `at`. */
export interface AtOptions extends Omit<TaskOptions, "maxRuns" | "until">, SharedOptions {
  /** The most that the run may start late, in milliseconds, when the machine slept at the date. Default: 5 minutes. */
  graceMs?: number;
}

/** Options of `cron`. */
export interface CronOptions extends TaskOptions, SharedOptions {
  /** An IANA time zone, such as `Europe/Berlin`. Default: `UTC`. */
  timezone?: string;
  /** Required where day-of-month and day-of-week are both restricted: must both match, or one? */
  dayMatch?: DayMatch;
  /** What happens to a slot that comes while the run before it goes on. Default: `"skip"`. */
  overlap?: Overlap;
  /**
   * The most that a slot may start late, in milliseconds, after the machine slept, the process was blocked, or the clock
   * was set. Default: half the time to the next slot, at most 5 minutes.
   */
  graceMs?: number;
}
