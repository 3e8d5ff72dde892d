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
  /** How long after `scheduledAt` the claim must be remembered, in milliseconds. After that, nobody may claim the slot. */
  keepMs: number;
  /** The one who claims: the same each time that an instance asks for a slot, and different for every other instance. */
  claimant: string;
}

/** The right to be the only one that runs a task, until it runs out. */
export interface Lease {
  /**
   * Larger than that of every earlier lease of the task. Where the task writes, refuse a smaller one than was seen before:
   * that stops a run that has not noticed the end of its lease.
   */
  readonly fencingToken: number;
  /** Its length from the request for it, or for its renewal, in milliseconds. */
  readonly leaseMs: number;
  /** Resolves to `false` when another instance holds it by now. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

/** Decides which instance runs a slot. See `redisOnce` and `postgresOnce`. */
export interface Once {
  /**
   * Resolves to `true` for exactly one claimant per name and time, each time it asks, and to `false` for every other.
   * Rejects when it cannot know. The scheduler then asks again, and does not run the slot without an answer.
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
