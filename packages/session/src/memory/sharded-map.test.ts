import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateId } from "../model/session-id.ts";
import { ShardedMap } from "./sharded-map.ts";

describe("ShardedMap", () => {
  test("it is a map", () => {
    const id = fc.string({ minLength: 1, maxLength: 3 });
    const step = fc.record({ id, kind: fc.constantFrom("set", "delete"), value: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new ShardedMap<number>();
        const model = new Map<string, number>();
        for (const { id: key, kind, value } of steps) {
          const done = [map, model].map((each) =>
            kind === "set" ? void each.set(key, value) : each.delete(key),
          );
          expect(done[0]).toBe(done[1]);
          expect([map.size, map.get(key)]).toEqual([model.size, model.get(key)]);
        }
        for (const [key, value] of model) expect(map.get(key)).toBe(value);
      }),
    );
  });

  test("a hundred thousand ids are found again", () => {
    const map = new ShardedMap<number>();
    const ids = Array.from({ length: 100_000 }, generateId);
    for (const [index, id] of ids.entries()) map.set(id, index);
    expect(map.size).toBe(ids.length);
    expect(ids.every((id, index) => map.get(id) === index)).toBe(true);
  });
});
