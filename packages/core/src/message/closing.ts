// Tells whoever goes on for long, such as event streams, that the server takes no more requests.

/** Calls back when the server closes; gives what takes that back. */
export type OnClosing = (tell: () => void) => () => void;

/** Those who wait for a server to close; each is told once. */
export class ClosingNotice {
  /** A set: thousands of streams come and go, and each must be found at once. */
  readonly #waiting = new Set<() => void>();
  #given = false;

  readonly on: OnClosing = (tell) => {
    if (this.#given) {
      queueMicrotask(tell);
      return ignore;
    }
    // Of its own, in case somebody asks to be told twice.
    const entry = (): void => tell();
    this.#waiting.add(entry);
    return () => void this.#waiting.delete(entry);
  };

  give(): void {
    this.#given = true;
    for (const tell of this.#waiting) tell();
    this.#waiting.clear();
  }
}

function ignore(): void {}
