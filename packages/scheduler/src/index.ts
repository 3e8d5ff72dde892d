export type { Clock, TimerHandle } from "./engine/clock.ts";
export { CronSchedule, type CronScheduleOptions, type DayMatch } from "./cron/cron-schedule.ts";
export type { Duration } from "./values/duration.ts";
export type { SchedulerEvents, SkipReason } from "./task/events.ts";
export type { SchedulerHandle, StopResult } from "./handle.ts";
export type { Once, Slot } from "./once/once.ts";
export type {
  CronOptions,
  EveryOptions,
  FailedRun,
  Overlap,
  SchedulerOptions,
  Task,
  TaskOptions,
  TaskRun,
} from "./task/options.ts";
export { type RunOutcome, TaskTimeoutError } from "./task/run.ts";
export { Scheduler } from "./scheduler.ts";
export type { TaskKind, TaskStatus } from "./task/task-definition.ts";
