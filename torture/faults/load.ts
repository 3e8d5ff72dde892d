// Visitors at work while something breaks, and the account that is taken afterwards.
import { setTimeout as sleep } from "node:timers/promises";
import { figure, type Finding } from "../report.ts";
import type { Fleet } from "./fleet.ts";
import { newTally, type Tally, Visitor } from "./visitors.ts";

const VISITORS = 24;
const RECOVERY_MS = 15_000;

export interface Fault {
  readonly tried: string;
  /** How many faults there were. */
  readonly count: number;
  /** Does one, and ends it. */
  readonly strike: (round: number) => Promise<void>;
  /** Whether servers that ended by themselves count as a problem; they do, unless it is said. */
  readonly fleet: Fleet;
}

/** Runs the visitors through all faults. */
export async function underLoad({ tried, count, strike, fleet }: Fault): Promise<Finding> {
  const tally = newTally();
  const visitors = Array.from(
    { length: VISITORS },
    (_, index) => new Visitor(`v${index}`, () => fleet.urls, tally, index + 1),
  );
  const work = { running: true };
  const working = visitors.map(async (visitor) => {
    while (work.running) {
      await visitor.act();
      // Not more than a machine with other work can take.
      await sleep(2);
    }
  });
  await sleep(300);
  let recovery = 0;
  for (let round = 0; round < count; round += 1) {
    await strike(round);
    recovery = Math.max(recovery, await untilServed(tally));
    await sleep(200);
  }
  work.running = false;
  await Promise.all(working);
  for (const visitor of visitors) await visitor.verify();
  if (fleet.hasCrashed) tally.problems.push("a server has ended by itself");
  return findingOf(tried, count, tally, recovery);
}

/** Until requests succeed again: so many in a row, without a server that was started again for it. */
async function untilServed(tally: Tally): Promise<number> {
  const from = performance.now();
  for (;;) {
    const { unavailable, cut } = tally;
    const before = tally.acknowledged.length;
    await sleep(100);
    if (tally.unavailable === unavailable && tally.cut === cut && tally.acknowledged.length > before + 5)
      break;
    if (performance.now() - from > RECOVERY_MS) {
      tally.problems.push(`not recovered after ${RECOVERY_MS} ms`);
      break;
    }
  }
  return performance.now() - from;
}

export function findingOf(tried: string, count: number, tally: Tally, recovery: number): Finding {
  const { requests, unavailable, cut, acknowledged, slowestMs, problems } = tally;
  const outcome =
    `${figure(requests)} requests, ${figure(acknowledged.length)} acknowledged writes all there, ` +
    `no ended session alive; ${figure(unavailable)} answers 503, ${figure(cut)} connections cut; ` +
    `slowest answer ${figure(slowestMs / 1000)} s, served again within ${figure(recovery / 1000)} s`;
  return { area: "Faults", tried, count, unit: count === 1 ? "fault" : "faults", outcome, problems };
}
