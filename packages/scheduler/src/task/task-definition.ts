/**
 * A task before it runs.
 */
import type { CronOptions, Task } from "./options.ts";
import type { TaskKind } from "./status.ts";
import type { Timing } from "./timing.ts";

/** A task as it was registered. All times in milliseconds. */
export interface TaskDefinition {
  readonly name: string;
  readonly kind: TaskKind;
  readonly task: Task;
  readonly options: CronOptions;
  readonly timing: Timing;
  initialDelay: number;
}
