/**
 * What the scheduler tells the outside through `node:diagnostics_channel`. A channel without subscribers costs nothing.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html
 */
import { type Channel, channel } from "node:diagnostics_channel";

/** Why a slot, or an attempt that was promised, was not run. */
export type SkipReason =
  /** The run before it was still going on; with `exclusive`, on whatever instance. */
  | "overlap"
  /** Another instance has this slot. */
  | "claimed"
  /** The database that decides which instance runs did not answer; `error` says how. */
  | "unavailable"
  /** It waited for so long that its claim may be forgotten. */
  | "too-late"
  /** Its signal was aborted, by `overlap: "cancel"` or at the end of `stop`'s grace. */
  | "cancelled"
  /** The attempt that timed out took so long to settle that the next slot comes before the retry. */
  | "late-retry"
  /** The task was paused while the slot was waiting its turn. */
  | "paused"
  /** The scheduler was stopped, or the task removed, before it could run. */
  | "stopped";

/** The payload of every event, by the event's name; the channel is `hatcheck:scheduler:<event>`. */
export interface SchedulerEvents {
  /** An attempt starts. */
  run: { name: string; scheduledAt: Date; attempt: number; lateMs: number };
  /** An attempt ended well. */
  success: { name: string; scheduledAt: Date; attempt: number; durationMs: number };
  /** An attempt threw, rejected, ran out of time, or lost its lease. */
  error: {
    name: string;
    scheduledAt: Date;
    attempt: number;
    durationMs: number;
    error: unknown;
    willRetry: boolean;
  };
  /** An attempt that ran out of time did not settle after its signal was aborted; it is no longer waited for. */
  abandoned: { name: string; scheduledAt: Date; attempt: number; durationMs: number };
  /** The slots from `from` to `to`, the last of them `lateMs` ago, passed unrun: the machine slept, the process was
   * blocked, the clock was set, or the date of `at` had passed at the start. */
  missed: { name: string; from: Date; to: Date; lateMs: number };
  /** A slot was not run, for the reason given. */
  skipped: { name: string; scheduledAt: Date; reason: SkipReason; error?: unknown };
  /** The scheduler has stopped; the tasks named were still running when its grace ended. */
  stopped: { unfinished: string[] };
}

const channels: { [Event in keyof SchedulerEvents]: Channel } = {
  run: channel("hatcheck:scheduler:run"),
  success: channel("hatcheck:scheduler:success"),
  error: channel("hatcheck:scheduler:error"),
  abandoned: channel("hatcheck:scheduler:abandoned"),
  missed: channel("hatcheck:scheduler:missed"),
  skipped: channel("hatcheck:scheduler:skipped"),
  stopped: channel("hatcheck:scheduler:stopped"),
};

/** Publishes an event. */
export function publish<Event extends keyof SchedulerEvents>(
  event: Event,
  payload: SchedulerEvents[Event],
): void {
  const target = channels[event];
  if (target.hasSubscribers) target.publish(payload);
}
