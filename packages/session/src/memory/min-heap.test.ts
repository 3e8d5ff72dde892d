import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MinHeap, type Ranked } from "./min-heap.ts";

interface Item extends Ranked {
  readonly name: number;
}

describe("MinHeap", () => {
  test("the first is always one of those of the lowest rank, whatever is added, removed or put off", () => {
    const step = fc.record({
      kind: fc.constantFrom("add", "remove", "put off"),
      at: fc.nat(20),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const heap = new MinHeap<Item>();
        const model = new Set<Item>();
        for (const [name, { kind, at, pick }] of steps.entries()) {
          const first = heap.first();
          if (kind === "add") {
            const item = { name, rank: at, heapIndex: -1 };
            heap.add(item);
            model.add(item);
          } else if (kind === "put off" && first !== undefined) {
            first.rank += at;
            heap.sinkFirst();
          } else if (model.size > 0) {
            const item = [...model][pick % model.size] as Item;
            heap.remove(item);
            model.delete(item);
          }
          expect(heap.first()?.rank).toBe(minOf(model));
          const upTo = [...model].filter((item) => item.rank <= at && item.name % 2 === 0);
          expect(heap.countUpTo(at, (item) => item.name % 2 === 0)).toBe(upTo.length);
        }
        for (const due of [...model].map(({ rank }) => rank).toSorted((a, b) => a - b)) {
          const first = heap.first() as Item;
          expect(first.rank).toBe(due);
          expect(model.delete(first)).toBe(true);
          heap.remove(first);
        }
        expect(heap.first()).toBe(undefined);
      }),
    );
  });
});

function minOf(items: Iterable<Item>): number | undefined {
  const [first] = [...items].map(({ rank }) => rank).toSorted((a, b) => a - b);
  return first;
}
