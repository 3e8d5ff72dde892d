/**
 * The contract by which several instances agree on one run. It is about slots, not about locks: a lock held while
 * the task runs is free again when a slower clock reaches the same slot, and the task runs twice.
 */

/** One time at which one task is due; the same on every instance. */
export interface Slot {
  /** The task's name. */
  name: string;
  /** When the task is due. */
  scheduledAt: Date;
  /** For how many milliseconds the claim must be remembered, at least. */
  keepMs: number;
}

/** Decides which instance runs a slot. See `redisOnce` and `postgresOnce`. */
export interface Once {
  /**
   * Resolves to `true` for exactly one caller per name and time, to `false` for every other.
   * Rejects when it cannot know; the slot is then not run.
   */
  claim(slot: Slot): Promise<boolean>;
}
