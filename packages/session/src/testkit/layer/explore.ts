// Tries orders of the steps of a few requests, and stops at the first that cannot be explained.
import type { Ask } from "./asks.ts";
import { judge } from "./judge.ts";
import { AllOrders, type Chance, type Pick, RandomOrders } from "./orders.ts";
import type { Start } from "./sight.ts";
import type { Stage } from "./stage.ts";

/** Requests that run at once, and the session that they meet on. */
export interface Meeting {
  readonly start: Start;
  readonly asks: readonly Ask[];
}

/** All orders, and gives how many there were. @throws Error that tells the order which cannot be explained. */
export async function tryAll(stage: Stage, meeting: Meeting, everyStep: boolean): Promise<number> {
  const orders = new AllOrders(everyStep);
  let count = 0;
  do {
    if (await tryOne(stage, meeting, orders.pick)) count += 1;
  } while (orders.next());
  return count;
}

/** So many orders by chance. */
export async function trySome(
  stage: Stage,
  meeting: Meeting,
  chance: Chance,
  times: number,
): Promise<number> {
  for (let time = 0; time < times; time += 1) await tryOne(stage, meeting, new RandomOrders(chance).pick);
  return times;
}

async function tryOne(stage: Stage, { start, asks }: Meeting, pick: Pick): Promise<boolean> {
  const sight = await stage.run(start, asks, pick);
  if (sight === undefined) return false;
  const complaint = judge(sight);
  if (complaint === undefined) return true;
  const answers = sight.requests.map(({ status, value, change }, who) => {
    const cookie = change.kind === "none" ? "" : `, cookie: ${change.kind}`;
    return `  ${"ABCDEFGH"[who]}: ${status} ${JSON.stringify(value)}${cookie}`;
  });
  throw new Error(
    [
      complaint,
      `The browser's session is ${start}; the steps were:`,
      ...sight.steps.map((it) => `  ${it}`),
      "The answers were:",
      ...answers,
    ].join("\n"),
  );
}
