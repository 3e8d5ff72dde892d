// In which order the steps of several requests are taken: all orders, one after the other, or some by chance.
import type { Fate, Step } from "./gate.ts";

/** A step that may be taken now. */
export interface Choice {
  /** Where it is taken: the number of a gate. */
  readonly who: number;
  /** The number of the request that it belongs to; a client that is about to leave stands at a gate of its own. */
  readonly request: number;
  readonly step: Step;
  readonly fate: Fate;
}

/** Chooses the next step; `undefined` when this order is, but for steps that do not touch each other, one that was tried. */
export type Pick = (choices: readonly Choice[]) => Choice | undefined;

interface Node {
  readonly choices: readonly Choice[];
  /** What needs not be tried here: it was tried before a step that does not touch it. */
  readonly asleep: Map<string, Choice>;
  at: number;
}

/**
 * All orders, depth first. A schedule is run from its beginning for each, since requests cannot be wound back.
 *
 * Two neighbouring steps of different requests that touch neither the same store nor the same cookies may change places:
 * unless `every` is set, only one of such orders is tried (sleep sets, after Godefroid 1996).
 */
export class AllOrders {
  readonly #every: boolean;
  readonly #path: Node[] = [];
  #depth = 0;

  constructor(every: boolean) {
    this.#every = every;
  }

  readonly pick: Pick = (choices) => {
    const alone = this.#every ? undefined : choices.find((it) => touchesNothing(it, choices));
    const open = alone === undefined ? choices : [alone];
    const node = (this.#path[this.#depth] ??= this.#nodeOf(open));
    this.#depth += 1;
    const taken = node.choices[node.at];
    if (taken === undefined) return undefined;
    const same = open.find((it) => it.who === taken.who && it.fate === taken.fate);
    if (same?.step.what !== taken.step.what) {
      throw new Error(
        `The same order of steps has led to "${same?.step.what}" instead of "${taken.step.what}"`,
      );
    }
    return same;
  };

  /** Makes the next order the one to be picked; `false` when all have been. */
  next(): boolean {
    this.#depth = 0;
    for (let node = this.#path.at(-1); node !== undefined; node = this.#path.at(-1)) {
      const tried = node.choices[node.at];
      if (tried !== undefined && !this.#every) node.asleep.set(keyOf(tried), tried);
      node.at = awake(node, node.at + 1);
      if (node.at < node.choices.length) return true;
      this.#path.pop();
    }
    return false;
  }

  #nodeOf(choices: readonly Choice[]): Node {
    const before = this.#path[this.#depth - 1];
    const taken = before?.choices[before.at];
    const asleep = new Map<string, Choice>();
    if (before !== undefined && taken !== undefined) {
      for (const [key, other] of before.asleep) if (!touches(other, taken)) asleep.set(key, other);
    }
    const node: Node = { choices, asleep, at: 0 };
    node.at = awake(node, 0);
    return node;
  }
}

function awake({ choices, asleep }: Node, from: number): number {
  let at = from;
  while (at < choices.length && asleep.has(keyOf(choices[at] as Choice))) at += 1;
  return at;
}

function keyOf({ who, fate }: Choice): string {
  return `${who} ${fate}`;
}

function touches(a: Choice, b: Choice): boolean {
  if (a.request === b.request || (a.step.store && b.step.store)) return true;
  const jars = [a.step.jar, b.step.jar];
  return jars.includes("writes") && !jars.includes("leaves alone");
}

/** Whether a step may as well be taken now as later. */
function touchesNothing({ who, request, step }: Choice, choices: readonly Choice[]): boolean {
  const { store, jar, fates } = step;
  if (store || jar !== "leaves alone" || fates.length > 1) return false;
  return choices.every((other) => other.who === who || other.request !== request);
}

/** Draws each step by chance; the same seed draws the same. */
export class RandomOrders {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  readonly pick: Pick = (choices) => {
    // An outage is rare; else no request of a longer schedule would come to its end.
    const usual = choices.filter(({ fate }) => fate === "done");
    return this.#chance.pick(usual.length > 0 && this.#chance.below(4) > 0 ? usual : choices);
  };
}

/** Chance that can be repeated (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, and without, `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }
}
