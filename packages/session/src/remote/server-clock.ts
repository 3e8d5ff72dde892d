// The time of a server, between its answers: the machine's own clock may be wrong, and may be set at any moment.

/** For how long an answer counts. */
const WINDOW_MS = 30_000;

/** Follows a server's clock by the times in its answers. */
export class ServerClock {
  /** What to add to this process's own time. The largest is nearest: an answer is always older than when it is read. */
  #offset = Number.NEGATIVE_INFINITY;
  #former = Number.NEGATIVE_INFINITY;
  #windowEnd = 0;

  /** Takes the server's time out of an answer that has just come. */
  heard(serverTime: number): void {
    const now = performance.now();
    if (now >= this.#windowEnd) {
      this.#former = now - this.#windowEnd < WINDOW_MS ? this.#offset : Number.NEGATIVE_INFINITY;
      this.#offset = Number.NEGATIVE_INFINITY;
      this.#windowEnd = now + WINDOW_MS;
    }
    this.#offset = Math.max(this.#offset, serverTime - now);
  }

  /** Whether the server's time is known at all. */
  get isKnown(): boolean {
    return this.#offset !== Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds since the epoch; those of this machine while the server has not answered yet. */
  readonly now = (): number =>
    this.isKnown ? Math.floor(performance.now() + Math.max(this.#offset, this.#former)) : Date.now();
}
