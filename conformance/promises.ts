// All promises, in the order of the table.
import type { Promised } from "./promise.ts";
import { browserRules } from "./promises/browser-rules.ts";
import { ending } from "./promises/ending.ts";
import { identity } from "./promises/identity.ts";
import { parallel } from "./promises/parallel.ts";
import { storing } from "./promises/storing.ts";

export const PROMISES: readonly Promised[] = [
  ...identity,
  ...parallel,
  ...ending,
  ...storing,
  ...browserRules,
];
