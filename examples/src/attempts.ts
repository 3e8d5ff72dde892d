// Limits how often something may be tried: guessing passwords must not be worth it.

export interface AttemptsOptions {
  /** How many attempts a key has in a window. */
  max: number;
  /** Seconds from a key's first attempt until it starts anew. */
  windowSeconds: number;
}

/** Attempts of one process, in memory: two processes allow twice as many. */
export class Attempts {
  readonly #max: number;
  readonly #windowMs: number;
  /** By key; the oldest window first. */
  readonly #windows = new Map<string, { count: number; endsAt: number }>();

  constructor({ max, windowSeconds }: AttemptsOptions) {
    this.#max = max;
    this.#windowMs = windowSeconds * 1000;
  }

  /**
   * Counts an attempt, before it is made: a hundred at once are a hundred. Gives 0, or the seconds to wait when there
   * were too many.
   */
  take(key: string): number {
    const now = Date.now();
    let window = this.#windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      this.#windows.delete(key);
      this.#windows.set(key, (window = { count: 0, endsAt: now + this.#windowMs }));
    }
    if (window.count >= this.#max) return Math.ceil((window.endsAt - now) / 1000);
    window.count += 1;
    return 0;
  }

  /** Takes one attempt back: it was right. */
  giveBack(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.count > 0) window.count -= 1;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#windows.size;
  }

  /** Forgets the windows that have ended. */
  purge(): void {
    const now = Date.now();
    for (const [key, { endsAt }] of this.#windows) {
      if (endsAt > now) return;
      this.#windows.delete(key);
    }
  }
}
