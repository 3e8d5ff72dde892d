/**
 * The state of a task, as `status()` tells it.
 */

/** The method a task was registered with. */
export type TaskKind = "every" | "after" | "cron" | "at";

/** How a run ended. */
export type RunOutcome = "success" | "error" | "cancelled" | "skipped";

/** A run that has settled. */
export interface LastRun {
  scheduledAt: Date;
  startedAt: Date;
  /** From the first attempt to the end of the last, in milliseconds. */
  durationMs: number;
  outcome: RunOutcome;
  /** What the last attempt failed with, if one did. */
  error: unknown;
}

/** The state of one task, as `status()` tells it. Counts are of this process, from the start on. */
export interface TaskStatus {
  name: string;
  kind: TaskKind;
  /** Its times as text: a cron expression and its zone, `every 600000 ms`, or a date. */
  schedule: string;
  /** `done`: `maxRuns` or `until` was reached, the date of `at` has passed, or the cron expression never comes again. */
  state: "scheduled" | "paused" | "done" | "stopped";
  /** How many runs are going on. */
  running: number;
  /** How many runs were started, `trigger` included. */
  runs: number;
  /** How many runs ended in an error. */
  failures: number;
  /** How many `missed` events there were. */
  missed: number;
  /** How many slots were skipped, other than those that another instance has claimed. */
  skipped: number;
  /** How many runs were abandoned, because they did not settle after their timeout. */
  abandoned: number;
  /** The slot that comes next. */
  next: Date | null;
  /** The run that settled last. */
  last: LastRun | null;
}
