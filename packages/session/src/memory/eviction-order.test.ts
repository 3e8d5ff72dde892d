import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Expiring, ExpiryHeap, type Linked, SeenList } from "./eviction-order.ts";

interface Item extends Expiring {
  readonly name: number;
}

describe("ExpiryHeap", () => {
  test("the first is always one of those due first, whatever is added, removed or put off", () => {
    const step = fc.record({
      kind: fc.constantFrom("add", "remove", "put off"),
      at: fc.nat(20),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const heap = new ExpiryHeap<Item>();
        const model = new Set<Item>();
        for (const [name, { kind, at, pick }] of steps.entries()) {
          const first = heap.first();
          if (kind === "add") {
            const item = { name, dueAt: at, heapIndex: -1 };
            heap.add(item);
            model.add(item);
          } else if (kind === "put off" && first !== undefined) {
            first.dueAt += at;
            heap.sinkFirst();
          } else if (model.size > 0) {
            const item = [...model][pick % model.size] as Item;
            heap.remove(item);
            model.delete(item);
          }
          expect(heap.first()?.dueAt).toBe(minOf(model));
        }
        for (const due of [...model].map(({ dueAt }) => dueAt).toSorted((a, b) => a - b)) {
          const first = heap.first() as Item;
          expect(first.dueAt).toBe(due);
          expect(model.delete(first)).toBe(true);
          heap.remove(first);
        }
        expect(heap.first()).toBe(undefined);
      }),
    );
  });
});

function minOf(items: Iterable<Item>): number | undefined {
  const [first] = [...items].map(({ dueAt }) => dueAt).toSorted((a, b) => a - b);
  return first;
}

interface Node extends Linked<Node> {
  readonly name: number;
}

describe("SeenList", () => {
  test("the oldest is the one that was added or renewed longest ago", () => {
    const step = fc.record({ kind: fc.constantFrom("add", "remove", "renew"), pick: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const list = new SeenList<Node>();
        let model: Node[] = [];
        for (const [name, { kind, pick }] of steps.entries()) {
          const node = model[pick % model.length];
          if (kind === "add" || node === undefined) {
            const added: Node = { name, newer: undefined, older: undefined };
            list.add(added);
            model.push(added);
          } else {
            list[kind](node);
            model = model.filter((other) => other !== node);
            if (kind === "renew") model.push(node);
          }
          expect(list.oldest).toBe(model[0]);
        }
        for (const node of model) {
          expect(list.oldest).toBe(node);
          list.remove(node);
        }
        expect(list.oldest).toBe(undefined);
      }),
    );
  });
});
