// Holds one request of a schedule at each of its steps until the schedule lets it go on. Nothing sleeps: a step is over when
// the request stands at the next one, or has been answered.

/** What happens to a store's call when it is let go: it is carried out, it fails before that, or its answer is lost after it. */
export type Fate = "done" | "failed" | "lost";

/** What a request does next. */
export interface Step {
  readonly what: string;
  /** Whether it asks the store. */
  readonly store: boolean;
  /** What it does to the browser's cookies. */
  readonly jar: "reads" | "writes" | "leaves alone";
  readonly fates: readonly Fate[];
}

const DONE: readonly Fate[] = ["done"];

/** A step that cannot fail. */
export function step(what: string, touches: Partial<Pick<Step, "store" | "jar">> = {}): Step {
  return { what, store: false, jar: "leaves alone", fates: DONE, ...touches };
}

/** The gate of one request. */
export class Gate {
  readonly #held: { step: Step; letGo: (fate: Fate) => void }[] = [];
  #arrived: (() => void) | undefined;
  #isOver = false;

  /** The step that the request stands at; `undefined` when it is over. */
  get next(): Step | undefined {
    return this.#held[0]?.step;
  }

  /** For the request: waits until it may take the step. */
  pause(at: Step): Promise<Fate> {
    if (this.#isOver) return Promise.resolve("done");
    return new Promise((letGo) => {
      this.#held.push({ step: at, letGo });
      this.#arrive();
    });
  }

  /** For the request: it is over, and stands nowhere any more. */
  end(): void {
    this.#isOver = true;
    this.#arrive();
  }

  /** For a call that was carried out while others of the same request wait: one of those is next. */
  yield(): void {
    if (this.#held.length > 0) setImmediate(() => this.#arrive());
  }

  /** For the schedule: lets the request take its step, and waits until it stands at the next one. */
  async advance(fate: Fate): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
    this.#held.shift()?.letGo(fate);
    await arrived;
  }

  #arrive(): void {
    this.#arrived?.();
    this.#arrived = undefined;
  }
}
