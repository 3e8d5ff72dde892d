/**
 * Records what the scheduler publishes, so that tests read as "these events, in this order".
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { onTestFinished } from "vitest";
import type { SchedulerEvents } from "../src/task/events.ts";
import type { SchedulerHandle } from "../src/handle.ts";
import type { Scheduler } from "../src/scheduler.ts";
import type { FakeClock } from "./fake-clock.ts";

const NAMES = ["run", "success", "error", "missed", "skipped", "stopped"] as const;

export type Recorded = {
  [Event in keyof SchedulerEvents]: { event: Event } & SchedulerEvents[Event];
}[keyof SchedulerEvents];

/** All events published from now to the end of the test. */
export function recordEvents(): Recorded[] {
  const events: Recorded[] = [];
  for (const event of NAMES) {
    const listener = (payload: unknown) => events.push({ event, ...(payload as object) } as Recorded);
    subscribe(`hatcheck:scheduler:${event}`, listener);
    onTestFinished(() => void unsubscribe(`hatcheck:scheduler:${event}`, listener));
  }
  return events;
}

/** The times a task was run at: a task, and the list it fills. */
export function recorder(): { task: (run: { scheduledAt: Date }) => void; slots: string[] } {
  const slots: string[] = [];
  return { slots, task: (run) => void slots.push(run.scheduledAt.toISOString()) };
}

/** Starts a scheduler on a fake clock, and stops it with the test, whatever still runs then. */
export function start(clock: FakeClock, scheduler: Scheduler): SchedulerHandle {
  const jobs = scheduler.start();
  onTestFinished(async () => {
    const stopped = jobs.stop({ graceMs: 0 });
    await clock.pass(1);
    await stopped;
  });
  return jobs;
}
