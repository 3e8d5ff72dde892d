// Gives every parser a million inputs that nobody means well with. A target throws when a promise is broken.
import { Chance } from "../random.ts";
import { figure, type Finding, type Size } from "../report.ts";
import { headers } from "./headers.ts";
import { bodies } from "./bodies.ts";
import { cronTargets } from "./cron.ts";
import { idTargets } from "./ids.ts";
import { paths } from "./paths.ts";
import type { Target } from "./target.ts";

const COUNT = { short: 20_000, full: 1_000_000 };
/** An input that takes longer is taken for an attack. */
const SLOW_MS = 50;
/** One that takes longer is timed again: the machine may have been elsewhere, and only what is slow every time is slow. */
const DOUBTFUL_MS = 2;
const AGAIN = 3;
const MOST_PROBLEMS = 5;

export const targets: readonly Target[] = [...headers, ...paths, ...bodies, ...idTargets, ...cronTargets];

/** @param seed the same gives the same inputs */
export async function fuzz(target: Target, size: Size, seed: number): Promise<Finding> {
  const chance = new Chance(seed);
  const problems: string[] = [];
  const count = COUNT[size];
  let slowest = 0;
  const started = performance.now();
  for (let index = 0; index < count && problems.length < MOST_PROBLEMS; index += 1) {
    const input = target.make(chance);
    try {
      let took = await timed(target, input);
      for (let again = 0; took > DOUBTFUL_MS && again < AGAIN; again += 1) {
        took = Math.min(took, await timed(target, input));
      }
      if (took > SLOW_MS) problems.push(`${JSON.stringify(input.slice(0, 200))} takes ${figure(took)} ms`);
      slowest = Math.max(slowest, took);
    } catch (error) {
      problems.push(`${JSON.stringify(input.slice(0, 500))}: ${String(error)}`);
    }
    // Finalizers and timers get their turn.
    if (index % 20_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = figure((performance.now() - started) / 1000);
  const outcome = `${target.promise}; the slowest input took ${figure(slowest)} ms (${seconds} s for all)`;
  return { area: "Fuzz", tried: target.name, count, unit: "inputs", outcome, problems };
}

/** How long an input is computed for, in milliseconds; not how long a busy machine lets it wait. */
async function timed(target: Target, input: string): Promise<number> {
  const from = process.cpuUsage();
  const answer = target.check(input);
  if (answer instanceof Promise) await answer;
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}
