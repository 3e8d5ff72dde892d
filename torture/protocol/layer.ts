// The protocol of the session layer on real stores: the conformance kit in its long form.
import { SessionStore } from "@hatcheck/session";
import { type AnyData, layerConformance, type Rule } from "@hatcheck/session/testkit";
import { later } from "../../packages/session/test/wrapped-stores.ts";
import { engines, type Opened } from "../races/races.ts";
import { figure, type Finding, type Size } from "../report.ts";

const LATER = "memory, answering later";
/** The engines, and one more: the only one without a server whose calls can be paused. */
export const opening: Readonly<Record<string, () => Promise<Opened>>> = {
  ...engines,
  [LATER]: async () => {
    const store = later(new SessionStore<AnyData>(3600));
    return { stores: [store, store], close: async () => undefined };
  },
};
/** Where a call costs nothing, the order of steps that have nothing to do with each other is tried as well. */
const AT_NO_COST: readonly string[] = ["memory", LATER];
const TRIPLES = { short: 300, full: 5_000 };

export async function layer(engine: string, size: Size, seed: number): Promise<Finding> {
  const opened = await (opening[engine] as () => Promise<Opened>)();
  const tests: [name: string, run: () => Promise<void>][] = [];
  const byRule: Partial<Record<Rule, number>> = {};
  let count = 0;
  layerConformance(() => ({ store: opened.stores[0], other: opened.stores[1] }), {
    test: (name, run) => tests.push([name, run]),
    // Where time would have to be waited for, the kit lets none pass; every test run does.
    clock: { unit: 1, advance: () => Promise.reject(new Error("this clock cannot be set")) },
    orders: size === "short" ? 1 : AT_NO_COST.includes(engine) ? "every step" : "all",
    triples: TRIPLES[size],
    seed,
    explored(explored) {
      count += explored.schedules;
      for (const [rule, times = 0] of Object.entries(explored.byRule)) {
        byRule[rule as Rule] = (byRule[rule as Rule] ?? 0) + times;
      }
    },
  });
  const problems: string[] = [];
  const started = performance.now();
  try {
    for (const [name, run] of tests)
      await run().catch((error: unknown) => problems.push(`${name}: ${String(error)}`));
  } finally {
    await opened.close();
  }
  const seconds = figure((performance.now() - started) / 1000);
  const rules = Object.entries(byRule).map(([rule, times]) => `${rule} in ${figure(times)}`);
  return {
    area: "Protocol",
    tried: `${engine}: two and three requests at once through the layer, paused at every step`,
    count,
    unit: "orders of steps",
    outcome: `each comes to what the model says: ${rules.join(", ")} (${seconds} s)`,
    problems,
  };
}
