/**
 * The contract by which several instances agree on one run. It is about slots, not about locks: a lock held while
 * the task runs is free again when a slower clock reaches the same slot, and the task runs twice. A lease comes on top
 * of it where runs must not overlap either.
 */

/** One time at which one task is due; the same on every instance. */
export interface Slot {
  /** The task's name. */
  name: string;
  /** When the task is due. */
  scheduledAt: Date;
  /** For how many milliseconds from `scheduledAt` the claim must be remembered; later, the slot is nobody's any more. */
  keepMs: number;
  /** Who claims it: the same in all tries of one instance to claim one slot, and different for every other. */
  claimant: string;
}

/** The right to be the only one that runs a task, until it runs out. */
export interface Lease {
  /**
   * Larger than that of every earlier lease of the task. What the task writes to should refuse a smaller one than it
   * has seen: that stops a run whose lease ran out without its noticing.
   */
  readonly fencingToken: number;
  /** Its length from the request for it, or for its renewal, in milliseconds. */
  readonly leaseMs: number;
  /** Resolves to `false` when it is another's by now. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

/** Decides which instance runs a slot. See `redisOnce` and `postgresOnce`. */
export interface Once {
  /**
   * Resolves to `true` for exactly one claimant per name and time, each time it asks, and to `false` for every other.
   * Rejects when it cannot know; the slot is then asked for again, and not run without an answer.
   */
  claim(slot: Slot): Promise<boolean>;
  /** Makes every task that uses it `exclusive`. */
  readonly exclusive?: boolean;
  /**
   * For tasks that are `exclusive`: claims the slot and takes the lease in one step, or neither. Gives `"claimed"` when
   * the slot is another's, `"busy"` when the lease is.
   */
  claimExclusive?(slot: Slot): Promise<Lease | "claimed" | "busy">;
}
