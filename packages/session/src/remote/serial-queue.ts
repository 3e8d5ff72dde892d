// Takes turns within this process, so that calls which compete for the same thing in the database do not compete here already.

/** Runs work of the same name one after the other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #isFatal: (error: unknown) => boolean;

  /** @param isFatal which failures are also those of everyone who waits: they need not try for themselves */
  constructor(isFatal: (error: unknown) => boolean) {
    this.#isFatal = isFatal;
  }

  async run<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#last.get(name);
    const turn =
      before === undefined
        ? work()
        : before.then(work, (error: unknown) => {
            if (this.#isFatal(error)) throw error;
            return work();
          });
    this.#last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name);
    }
  }
}
