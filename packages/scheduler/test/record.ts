/**
 * Records what the scheduler publishes, so that tests read as "these events, in this order".
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { onTestFinished } from "vitest";
import type { Lease, Once, Slot } from "../src/once/once.ts";
import type { SchedulerEvents } from "../src/task/events.ts";
import type { SchedulerHandle } from "../src/handle.ts";
import type { Scheduler } from "../src/scheduler.ts";
import type { FakeClock } from "./fake-clock.ts";

const NAMES = ["run", "success", "error", "abandoned", "missed", "skipped", "stopped"] as const;

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

/** A database in memory, on a clock: it remembers a claim for as long as it was told to, and refuses what is older. */
export function fakeOnce(clock: FakeClock, leaseMs = 3000): Once & { down: boolean; asked: Slot[] } {
  const claims = new Map<string, { claimant: string; until: number }>();
  const leases = new Map<string, { claimant: string; token: number; until: number }>();
  const take = (slot: Slot): boolean => {
    const key = `${slot.name} ${slot.scheduledAt.getTime()}`;
    const now = clock.monotonic();
    const known = claims.get(key);
    if (known !== undefined && known.until > now) return known.claimant === slot.claimant;
    const until = slot.scheduledAt.getTime() + slot.keepMs - clock.now() + now;
    if (until <= now) return false;
    claims.set(key, { claimant: slot.claimant, until });
    return true;
  };
  const reach = (slot?: Slot) => {
    if (slot !== undefined) once.asked.push(slot);
    if (once.down) throw new Error("connection refused");
  };
  const once = {
    down: false,
    asked: [] as Slot[],
    async claim(slot: Slot) {
      reach(slot);
      return take(slot);
    },
    async claimExclusive(slot: Slot): Promise<Lease | "claimed" | "busy"> {
      reach(slot);
      const held = leases.get(slot.name);
      if (held !== undefined && held.until > clock.monotonic()) return "busy";
      if (!take(slot)) return "claimed";
      const own = {
        claimant: slot.claimant,
        token: (held?.token ?? 0) + 1,
        until: clock.monotonic() + leaseMs,
      };
      leases.set(slot.name, own);
      return {
        fencingToken: own.token,
        leaseMs,
        renew: async () => {
          reach();
          if (leases.get(slot.name) !== own) return false;
          own.until = clock.monotonic() + leaseMs;
          return true;
        },
        release: async () => {
          reach();
          own.until = -Infinity;
        },
      };
    },
  };
  return once;
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
