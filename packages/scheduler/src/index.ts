export type { Clock, TimerHandle } from "./engine/clock.ts";
export { CronSchedule, type CronScheduleOptions } from "./cron/cron-schedule.ts";
export type { DayMatch } from "./cron/pattern.ts";
export type { Duration } from "./values/duration.ts";
export type { SchedulerEvents, SkipReason } from "./task/events.ts";
export type { SchedulerHandle, StopResult } from "./handle.ts";
export type { Lease, Once, Slot } from "./once/once.ts";
export type {
  AtOptions,
  CronOptions,
  EveryOptions,
  FailedRun,
  Overlap,
  SchedulerOptions,
  SharedOptions,
  Task,
  TaskOptions,
  TaskRun,
} from "./task/options.ts";
export { LeaseLostError } from "./task/lease-keeper.ts";
export { TaskTimeoutError } from "./task/run.ts";
export { Scheduler } from "./scheduler.ts";
export type { TaskList } from "./task/task-list.ts";
export type { LastRun, RunOutcome, TaskKind, TaskStatus } from "./task/status.ts";
