// What is fuzzed: inputs, and what must hold for each.
import type { Chance } from "../random.ts";

export interface Target {
  readonly name: string;
  /** What must hold, in the words of the table. */
  readonly promise: string;
  /** Makes an input. It is not timed. */
  make(chance: Chance): string;
  /** Tries an input. Throws when a promise is broken. */
  check(input: string): unknown;
}
