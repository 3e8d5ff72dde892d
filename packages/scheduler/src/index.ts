export type { Clock, TimerHandle } from "./clock.ts";
export { CronSchedule, type CronScheduleOptions, type DayMatch } from "./cron-schedule.ts";
export type { Duration } from "./duration.ts";
export type { SchedulerEvents, SkipReason } from "./events.ts";
export type { SchedulerHandle, StopResult } from "./handle.ts";
export type { Once, Slot } from "./once.ts";
export type {
  CronOptions,
  EveryOptions,
  FailedRun,
  Overlap,
  SchedulerOptions,
  Task,
  TaskOptions,
  TaskRun,
} from "./options.ts";
export { type RunOutcome, TaskTimeoutError } from "./run.ts";
export { Scheduler } from "./scheduler.ts";
export type { TaskKind, TaskStatus } from "./task-definition.ts";
