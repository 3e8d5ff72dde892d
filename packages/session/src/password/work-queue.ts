// Few at a time, the rest in a line of bounded length: a flood of logins takes neither all memory nor all threads.

export class WorkQueue {
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(concurrency: number, maxWaiting: number) {
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  /** Whether one more would find no place. */
  get isFull(): boolean {
    return this.#running >= this.#concurrency && this.#waiting.length >= this.#maxWaiting;
  }

  /** Runs a piece of work when its turn comes; those that wait are served in order. */
  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#running < this.#concurrency) this.#running += 1;
    // The one that leaves hands its place over, so that no newcomer can take it first.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
