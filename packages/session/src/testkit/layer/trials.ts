// What is tried: which requests meet, and in which orders of their steps.
import type { StoreOptions } from "../../model/store.ts";
import type { AnyData, Clock } from "../kit.ts";
import { type Ask, ASKS, FAILING, LEAVING, passing, READ, RENEW, SEQUENCES } from "./asks.ts";
import type { Meeting } from "./explore.ts";
import { GRACE, TTL } from "./model.ts";
import { Chance } from "./orders.ts";
import type { Start } from "./sight.ts";

/**
 * All orders, where those that differ in the order of steps which have nothing to do with each other count as one; each of those
 * as well; or so many by chance.
 */
export type Orders = "all" | "every step" | number;

/** One test. */
export interface Trial {
  readonly name: string;
  readonly meetings: readonly Meeting[];
  readonly orders: Orders;
  /** How many schedules run beside each other, each with users of its own: one where the clock is set. */
  readonly beside: number;
  readonly storeOptions: Partial<StoreOptions<AnyData>>;
}

interface Options {
  readonly clock: Clock;
  readonly orders?: Orders;
  readonly faults?: Orders;
  readonly triples?: number;
  readonly seed?: number;
}

const STARTS: readonly Start[] = ["anonymous", "logged in", "nobody"];
const BESIDE = 8;

export function trialsOf({ clock, triples = 1000, seed = 1, orders = "all", ...rest }: Options): Trial[] {
  const faults = rest.faults ?? (orders === "every step" ? "all" : orders);
  const usual = { orders, beside: BESIDE, storeOptions: {} };
  const faulty = { ...usual, orders: faults };
  const timed = { ...usual, orders: faults === 0 ? 1 : faults, beside: 1 };
  const trials: Trial[] = ASKS.map((ask, index) => ({
    name: `${ask.name}, beside each other request`,
    meetings: met(pairs([ask], ASKS.slice(index))),
    ...usual,
  }));
  trials.push(
    { name: "several changes in one request", meetings: met(SEQUENCES.map((ask) => [ask])), ...usual },
    {
      name: "a client that leaves before it is answered, beside each other request",
      meetings: met(pairs(LEAVING, ASKS)),
      ...faulty,
    },
    {
      name: "an outage of the store at each call, beside each other request",
      meetings: met(pairs(FAILING, ASKS)),
      ...faulty,
    },
  );
  // A clock with a unit would have to be waited for.
  if (clock.unit === undefined) {
    const over = passing("the lifetime passes", TTL + 1);
    const due = passing("the idle timeout is due", 61);
    const late = passing("the grace passes", GRACE + 1);
    trials.push(
      { name: "the end of a lifetime, beside each request", meetings: met(pairs([over], ASKS)), ...timed },
      {
        name: "a refresh of the idle timeout, beside each request",
        meetings: met(ASKS.map((ask) => [due, READ, ask])),
        ...timed,
        storeOptions: { idle: 600 },
      },
      {
        name: "the end of a grace after a renewal",
        meetings: met([READ, RENEW].map((ask) => [RENEW, late, ask])),
        ...timed,
      },
    );
  }
  trials.push({
    name: "three requests at once",
    meetings: drawn(triples, new Chance(seed)),
    ...usual,
    orders: 1,
  });
  return trials;
}

function pairs(some: readonly Ask[], others: readonly Ask[]): Ask[][] {
  return some.flatMap((one) => others.map((other) => [one, other]));
}

/** On each kind of session. */
function met(groups: readonly (readonly Ask[])[]): Meeting[] {
  return STARTS.flatMap((start) => groups.map((asks) => ({ start, asks })));
}

function drawn(count: number, chance: Chance): Meeting[] {
  return Array.from({ length: count }, () => ({
    start: chance.pick(STARTS),
    asks: [1, 2, 3].map(() => chance.pick(ASKS)),
  }));
}
