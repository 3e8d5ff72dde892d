/**
 * Asks the database whether a slot is this instance's, until it answers. An answer that is lost on the way is asked for
 * again under the same name, so that a claim that was granted is not lost with it.
 */
import { randomUUID } from "node:crypto";
import type { Engine } from "../engine/engine.ts";
import type { Lease, Once } from "../once/once.ts";
import type { SkipReason } from "./events.ts";
import type { DueSlot } from "./planner.ts";

/** How long the database may take to answer, and for how long it is asked again, in milliseconds. */
const CLAIM_TIMEOUT = 5000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;
/** How far two clocks of the fleet may be apart, in milliseconds: a slot is not asked for any more so long before its end. */
export const CLOCK_MARGIN = 1_800_000;

export interface ClaimSettings {
  readonly name: string;
  readonly engine: Engine;
  readonly once: Once;
  readonly isExclusive: boolean;
  /** Whether to wait while the lease is another's. */
  readonly waitsForLease: boolean;
  /** How late the slot may be claimed, beyond the time that is given to a database, in milliseconds. */
  readonly catchUpMs: number;
  msToNextSlot(): number;
  /** Waits, but not longer than until there is an `ending`. */
  pause(milliseconds: number): Promise<void>;
  /** Why the slot is not wanted any more. */
  ending(): SkipReason | undefined;
}

/** A slot that is this instance's, or why it is not. */
export type Claimed =
  | { readonly lease: Lease | undefined; readonly askedAt: number }
  | { readonly reason: SkipReason; readonly error?: unknown };

export async function claimSlot(slot: DueSlot, settings: ClaimSettings): Promise<Claimed> {
  const { engine, catchUpMs } = settings;
  const claimant = randomUUID();
  const began = engine.time("monotonic");
  let pause = FIRST_PAUSE;
  for (;;) {
    const ageMs = engine.time("wall") - slot.scheduledAt;
    if (ageMs > slot.keepMs - CLOCK_MARGIN) return { reason: "too-late" };
    const askedAt = engine.time("monotonic");
    let refused: { reason: SkipReason; error?: unknown };
    let patience: number;
    try {
      const answer = await ask(slot, claimant, settings);
      if (typeof answer === "object") return { lease: answer, askedAt };
      if (answer === "granted") return { lease: undefined, askedAt };
      if (answer === "claimed" || !settings.waitsForLease) {
        return { reason: answer === "claimed" ? "claimed" : "overlap" };
      }
      refused = { reason: "overlap" };
      patience = Infinity;
      pause = Math.min(pause, 1000);
    } catch (error) {
      refused = { reason: "unavailable", error };
      const spent = engine.time("monotonic") - began;
      patience = Math.max(CLAIM_TIMEOUT - spent, catchUpMs - (engine.time("wall") - slot.scheduledAt));
    }
    // Once the next slot comes, this one has had its time.
    if (pause >= Math.min(patience, settings.msToNextSlot())) return refused;
    const ended = settings.ending();
    if (ended !== undefined) return { reason: ended };
    await settings.pause(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
    const endedNow = settings.ending();
    if (endedNow !== undefined) return { reason: endedNow };
  }
}

/** Gives up on an answer that takes too long. */
async function ask(
  { scheduledAt, keepMs }: DueSlot,
  claimant: string,
  { engine, once, isExclusive, name }: ClaimSettings,
): Promise<Lease | "granted" | "claimed" | "busy"> {
  const tooLate = Promise.withResolvers<never>();
  const timeout = engine.in(CLAIM_TIMEOUT, () =>
    tooLate.reject(new Error(`No answer to the claim of a run of "${name}" in ${CLAIM_TIMEOUT} ms.`)),
  );
  try {
    const slot = { name, scheduledAt: new Date(scheduledAt), keepMs, claimant };
    if (!isExclusive) {
      // Nothing but `true` is a grant: an adapter that forgets to return must not let every instance run.
      return (await Promise.race([once.claim(slot), tooLate.promise])) === true ? "granted" : "claimed";
    }
    const answer = await Promise.race([once.claimExclusive?.(slot), tooLate.promise]);
    return answer ?? "claimed";
  } finally {
    engine.cancel(timeout);
  }
}
