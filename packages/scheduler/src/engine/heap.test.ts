import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Heap, type HeapEntry } from "./heap.ts";

test("entries leave in the order of their keys, whatever was removed in between", () => {
  const action = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ remove: fc.nat() }),
    fc.constant({ pop: true }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const heap = new Heap<HeapEntry>();
      let model: HeapEntry[] = [];
      const popped: (number | undefined)[] = [];
      const expected: (number | undefined)[] = [];
      for (const step of actions) {
        let gone: HeapEntry | undefined;
        if ("push" in step) {
          const entry = { key: step.push, index: -1 };
          heap.push(entry);
          model.push(entry);
        } else if ("remove" in step) {
          gone = model[step.remove % Math.max(model.length, 1)];
          if (gone !== undefined) heap.remove(gone);
        } else {
          expected.push(model.toSorted((a, b) => a.key - b.key)[0]?.key);
          gone = heap.pop();
          popped.push(gone?.key);
        }
        model = model.filter((entry) => entry !== gone);
      }
      expect(popped).toEqual(expected);
      expect(heap.size).toBe(model.length);
      const left: number[] = [];
      for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) left.push(entry.key);
      expect(left).toEqual(model.map(({ key }) => key).toSorted((a, b) => a - b));
    }),
  );
});

test("an entry that has left can be removed again without harm", () => {
  const heap = new Heap<HeapEntry>();
  const [first, second] = [
    { key: 1, index: -1 },
    { key: 2, index: -1 },
  ];
  heap.push(first);
  heap.push(second);
  heap.remove(first);
  heap.remove(first);
  expect(heap.size).toBe(1);
  expect(heap.peek()).toBe(second);
});
