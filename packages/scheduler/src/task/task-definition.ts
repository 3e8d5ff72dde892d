/**
 * What is known of a task before it runs, and what is told of it while it does.
 */
import type { CronOptions, Task } from "./options.ts";
import type { RunOutcome } from "./run.ts";
import type { Timetable } from "./timetable.ts";

/** The method a task was registered with. */
export type TaskKind = "every" | "after" | "cron";

/** A task as it was registered. All times in milliseconds. */
export interface TaskDefinition {
  readonly name: string;
  readonly kind: TaskKind;
  readonly task: Task;
  readonly options: CronOptions;
  initialDelay: number;
  /** Makes the timetable, given the monotonic time of the first run. `after` has none: each run sets the next. */
  readonly timetable: ((firstRun: number) => Timetable) | undefined;
  /** The delay of `after`. */
  readonly delay: number;
}

/** The state of one task, as `status()` tells it. */
export interface TaskStatus {
  name: string;
  kind: TaskKind;
  /** `done`: `maxRuns` or `until` was reached, or the cron expression never comes again. */
  state: "scheduled" | "paused" | "done" | "stopped";
  /** How many runs are going on. */
  running: number;
  /** How many runs were started, `trigger` included. */
  runs: number;
  /** How many runs ended in an error. */
  failures: number;
  /** The slot that comes next. */
  next: Date | null;
  /** The run that settled last. */
  last: { scheduledAt: Date; outcome: RunOutcome } | null;
}
