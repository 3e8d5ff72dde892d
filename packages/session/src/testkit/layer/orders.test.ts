import { describe, expect, test } from "vitest";
import { step, type Step } from "./gate.ts";
import { AllOrders, Chance, type Choice, type Pick, RandomOrders } from "./orders.ts";

const STORE = step("asks the store", { store: true });
const SEND = step("is sent", { jar: "reads" });
const DELIVER = step("is answered", { jar: "writes" });

/** Runs requests of these steps, and gives the order that they were taken in; `undefined` when it was given up. */
function run(requests: readonly (readonly Step[])[], pick: Pick): string | undefined {
  const left = requests.map((steps) => [...steps]);
  let taken = "";
  for (;;) {
    const choices = left.flatMap(([next], who): Choice[] =>
      next === undefined ? [] : next.fates.map((fate) => ({ who, request: who, step: next, fate })),
    );
    if (choices.length === 0) return taken;
    const chosen = pick(choices);
    if (chosen === undefined) return undefined;
    left[chosen.who]?.shift();
    taken += `${"AB"[chosen.who]}${chosen.fate === "done" ? "" : chosen.fate}`;
  }
}

function all(requests: readonly (readonly Step[])[], every: boolean): string[] {
  const orders = new AllOrders(every);
  const found: string[] = [];
  do {
    const order = run(requests, orders.pick);
    if (order !== undefined) found.push(order);
  } while (orders.next());
  return found;
}

describe("all orders", () => {
  test("of three steps beside three are twenty, each once", () => {
    const found = all([Array<Step>(3).fill(STORE), Array<Step>(3).fill(STORE)], true);
    expect(found).toHaveLength(20);
    expect(new Set(found).size).toBe(20);
    expect(all([Array<Step>(3).fill(STORE), Array<Step>(3).fill(STORE)], false)).toHaveLength(20);
  });

  test("count once where steps have nothing to do with each other", () => {
    const own = step("thinks");
    expect(all([[own, own], [own]], true)).toHaveLength(3);
    expect(all([[own, own], [own]], false)).toHaveLength(1);
    expect(all([[SEND], [STORE]], false)).toHaveLength(1);
    expect(all([[SEND], [SEND]], false)).toHaveLength(1);
    expect(all([[SEND], [DELIVER]], false)).toHaveLength(2);
    expect(all([[DELIVER], [DELIVER]], false)).toHaveLength(2);
  });

  test("that are left out bring about nothing that another does not", () => {
    const request = [SEND, STORE, STORE, DELIVER];
    /** What an order comes to: who reached the store and the cookies when. */
    const gist = (order: string): string => {
      const at = [0, 0];
      const store: string[] = [];
      const jar: string[] = [];
      for (const name of order) {
        const who = "AB".indexOf(name);
        const taken = request[at[who] ?? 0] as Step;
        at[who] = (at[who] ?? 0) + 1;
        if (taken.store) store.push(name);
        else jar.push(name);
      }
      // Two that only read the cookies may change places.
      return `${store.join("")} ${jar.join("").replace(/^BA/, "AB")}`;
    };
    const every = all([request, request], true);
    const some = all([request, request], false);
    expect(every).toHaveLength(70);
    expect(some.length).toBeLessThan(20);
    expect(new Set(some.map(gist))).toEqual(new Set(every.map(gist)));
  });

  test("have each fate of a step that may fail", () => {
    const risky: Step = { ...STORE, fates: ["done", "failed", "lost"] };
    expect(all([[risky]], false)).toEqual(["A", "Afailed", "Alost"]);
    expect(all([[risky], [STORE]], false)).toHaveLength(6);
  });
});

test("chance draws the same from the same seed, and every order in time", () => {
  const requests = [
    [STORE, STORE],
    [STORE, STORE],
  ];
  const draw = (seed: number): (string | undefined)[] => {
    const { pick } = new RandomOrders(new Chance(seed));
    return Array.from({ length: 100 }, () => run(requests, pick));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(new Set(draw(1)).size).toBe(6);
});
