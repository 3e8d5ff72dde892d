import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Linked, SeenList } from "./seen-list.ts";

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
          expect([...list]).toEqual(model.toReversed());
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
