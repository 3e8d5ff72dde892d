// Looks for inputs that a parser takes more than linear time for: pieces of its grammar, and pairs of them, repeated up to
// the longest input that can reach it, with what may stand before and behind them.
import { Chance } from "../random.ts";
import { figure, type Finding, type Size } from "../report.ts";
import { type Parser, parsers } from "./parsers.ts";

/** How long an input may hold the loop, in milliseconds of computing. */
const SLOW_MS = 50;
/** One that is over it is tried again, a few times: only what is slow every time is slow. */
const AGAIN = 3;
/** Of these parsers V8 does the work; what they take is said, and is not ours to change. */
const OF_V8 = ["JSON"];

export function growth(parser: Parser, size: Size, seed: number): () => Promise<Finding> {
  return async () => {
    const chance = new Chance(seed);
    const tries = size === "short" ? 30 : 1500;
    let slowest = 0;
    let worst = "";
    const problems: string[] = [];
    for (let index = 0; index < tries && problems.length < 5; index += 1) {
      const { label, input } = inputOf(parser, chance, index);
      let took = await computing(parser, input);
      for (let again = 0; took > SLOW_MS && again < AGAIN; again += 1)
        took = Math.min(took, await computing(parser, input));
      if (took > slowest) [slowest, worst] = [took, label];
      if (took > SLOW_MS && !OF_V8.includes(parser.name))
        problems.push(`${parser.name}: ${label}, ${figure(parser.bytes)} bytes, takes ${figure(took)} ms`);
      if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return {
      area: "Linear time",
      tried: `${parser.name}, ${figure(parser.bytes / 1024)} KiB`,
      count: tries,
      unit: "inputs",
      outcome: `the slowest took ${figure(slowest)} ms: ${worst}`,
      problems,
    };
  };
}

export const growths = (size: Size, seed: number): (() => Promise<Finding>)[] =>
  parsers.map((parser) => growth(parser, size, seed));

/** Every piece alone first, then pairs and triples of them by chance, in random surroundings. */
function inputOf({ pieces, bytes }: Parser, chance: Chance, index: number): { label: string; input: string } {
  const one = (): string => (chance.oneIn(3) ? "" : chance.pick(pieces));
  const unit = pieces[index] ?? chance.pick(pieces) + one() + (chance.oneIn(2) ? one() : "");
  const before = index < pieces.length ? "" : one();
  const behind = index < pieces.length ? "" : chance.oneIn(2) ? "\0" : one();
  const count = Math.floor((bytes - before.length - behind.length) / unit.length);
  const label = `${JSON.stringify(before)} + ${JSON.stringify(unit)} × ${count} + ${JSON.stringify(behind)}`;
  return { label, input: before + unit.repeat(count) + behind };
}

/** Milliseconds of computing; not how long a busy machine lets it wait. */
async function computing({ read }: Parser, input: string): Promise<number> {
  const from = process.cpuUsage();
  const answer = read(input);
  if (answer instanceof Promise) await answer;
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}
