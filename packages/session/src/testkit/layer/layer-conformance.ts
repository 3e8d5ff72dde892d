// The conformance kit of the layer: several requests of one browser on one session, paused at each call of the store, in all
// orders of their steps; what comes of it must be what the protocol of the layer says, L1 to L12 of docs/sessions.md.
import type { StoreOptions } from "../../model/store.ts";
import type { AnyData, Clock, Connections } from "../kit.ts";
import { tryAll, trySome } from "./explore.ts";
import { TTL } from "./model.ts";
import { Chance } from "./orders.ts";
import { type Rule, rulesOf } from "./rules.ts";
import { Stage } from "./stage.ts";
import { type Orders, type Trial, trialsOf } from "./trials.ts";

export type { Rule } from "./rules.ts";

/** What one test has tried. */
export interface Explored {
  readonly test: string;
  /** How many orders of steps. */
  readonly schedules: number;
  /** In how many of them a rule had something to say. */
  readonly byRule: Readonly<Partial<Record<Rule, number>>>;
}

export interface LayerConformanceOptions<Opened extends Connections> {
  /** Registers a test: that of vitest, of node:test, or of anything else that takes a name and a function. */
  test(name: string, run: () => Promise<void>): unknown;
  /** Without a `unit`, which would have to be waited for, also the end of lifetimes and graces is tried. */
  readonly clock: Clock;
  /** Closes what was opened. */
  close?(opened: Opened): void | Promise<void>;
  /**
   * Which orders of steps each pair of requests is tried in: `"all"` unless given. Those that differ in the order of steps that
   * have nothing to do with each other count as one; with `"every step"` each by itself. A number tries so many by chance.
   */
  readonly orders?: Orders;
  /**
   * The same for pairs with a client that leaves, an outage, or time that passes, which have the most orders; as `orders` unless
   * given. Of these the kit makes outages itself, so that `0` is enough where another store has been tried.
   */
  readonly faults?: Orders;
  /** How many orders of three requests are tried, drawn by chance; 1000 unless given. */
  readonly triples?: number;
  /** What chance begins with; the same seed tries the same. 1 unless given. */
  readonly seed?: number;
  /** Is told after each test what was tried. */
  explored?(explored: Explored): void;
}

/**
 * Registers the tests that the session layer must pass on a store.
 *
 *     layerConformance((options) => {
 *       const store = new SessionStore<AnyData>(options);
 *       return { store, other: store };
 *     }, { test, clock });
 *
 * @param makeStore opens a store twice, as two servers do
 */
export function layerConformance<Opened extends Connections>(
  makeStore: (options: StoreOptions<AnyData>) => Opened | Promise<Opened>,
  options: LayerConformanceOptions<Opened>,
): void {
  const { clock, orders = "all", seed = 1 } = options;
  const everyStep = orders === "every step";
  for (const trial of trialsOf(options)) {
    options.test(trial.name, async () => {
      const opened = await makeStore({ ttl: TTL, ...trial.storeOptions });
      try {
        const tried = await tryMeetings(new Stage(opened, clock, everyStep), trial, new Chance(seed));
        options.explored?.({ test: trial.name, ...tried });
      } finally {
        await options.close?.(opened);
      }
    });
  }
}

async function tryMeetings(
  stage: Stage,
  { meetings, orders, beside }: Trial,
  chance: Chance,
): Promise<Omit<Explored, "test">> {
  const waiting = meetings.values();
  const byRule: Partial<Record<Rule, number>> = {};
  let schedules = 0;
  const work = async (): Promise<void> => {
    for (const meeting of waiting) {
      const count =
        typeof orders === "number"
          ? await trySome(stage, meeting, chance, orders)
          : await tryAll(stage, meeting, orders === "every step");
      schedules += count;
      for (const rule of rulesOf(meeting)) byRule[rule] = (byRule[rule] ?? 0) + count;
    }
  };
  await Promise.all(Array.from({ length: beside }, work));
  return { schedules, byRule };
}
