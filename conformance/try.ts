// Tries one promise on one contestant; what is broken is tried once more, and has to break again.
import { type Log, NotOffered } from "./browser.ts";
import type { Contestant } from "./contestants.ts";
import { broken, notOffered, type Outcome, type Promised } from "./promise.ts";
import { start } from "./start.ts";

export interface Cell {
  readonly contestant: string;
  readonly promise: string;
  readonly result: Outcome["result"] | "by design" | "unclear";
  readonly why?: string;
  /** The sentence of the documentation that excludes it, and where it stands. */
  readonly says?: string;
  readonly at?: string;
  /** Requests and answers of both runs. */
  readonly log?: readonly Log[];
}

/** How many requests a load is made of. */
export const VISITS = { short: 2000, full: 100_000, million: 1_000_000 } as const;

export async function tryPromise(contestant: Contestant, promised: Promised, visits: number): Promise<Cell> {
  const where = { contestant: contestant.id, promise: promised.id };
  if (contestant.hasNoIds && promised.needsIds) {
    return { ...where, result: "not offered", why: "no ids: the browser holds the data" };
  }
  const first = await run(contestant, promised, visits);
  const { outcome } = first;
  if (outcome.result === "kept") return { ...where, result: "kept" };
  if (outcome.result === "not offered") return { ...where, result: "not offered", why: outcome.why };
  const second = await run(contestant, promised, visits);
  const log = [first.log, second.log];
  if (second.outcome.result !== "broken") {
    return { ...where, result: "unclear", why: `broken once, then not: ${outcome.why}`, log };
  }
  const excluded = contestant.byDesign?.[promised.id];
  if (excluded !== undefined) return { ...where, result: "by design", why: outcome.why, ...excluded, log };
  return { ...where, result: "broken", why: outcome.why, log };
}

async function run(
  contestant: Contestant,
  { settings = {}, test }: Promised,
  visits: number,
): Promise<{ outcome: Outcome; log: Log }> {
  const log: Log = [];
  const running = await start(contestant, settings, visits, log);
  try {
    return { outcome: await test(running), log };
  } catch (error) {
    if (error instanceof NotOffered) return { outcome: notOffered(`no ${error.message}`), log };
    return { outcome: broken(error instanceof Error ? error.message : String(error)), log };
  } finally {
    await running.stop();
  }
}
