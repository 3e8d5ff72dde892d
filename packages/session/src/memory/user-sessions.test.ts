import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Owned, Users } from "./user-sessions.ts";

interface Item extends Owned<Item> {
  readonly name: number;
}

test("each user has their own, the one last seen first; the greediest of those with more than ten is known", () => {
  const step = fc.record({
    kind: fc.constantFrom("add", "add", "add", "remove", "grow", "see"),
    user: fc.constantFrom("a", "b", "c"),
    pick: fc.nat(),
    bytes: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
      const users = new Users<Item>();
      const model = new Map<string, Item[]>(["a", "b", "c"].map((user) => [user, []]));
      for (const [name, { kind, user, pick, bytes }] of steps.entries()) {
        const own = model.get(user) ?? [];
        const item = own[pick % own.length];
        if (kind === "add" || item?.owner === undefined) {
          const added: Item = { name, bytes, owner: undefined, newer: undefined, older: undefined };
          users.add(user, added);
          own.unshift(added);
        } else if (kind === "remove") {
          users.remove(item, item.owner);
          model.set(
            user,
            own.filter((other) => other !== item),
          );
        } else if (kind === "grow") {
          users.grow(item.owner, bytes);
          item.bytes += bytes;
        } else {
          item.owner.seen.renew(item);
          model.set(user, [item, ...own.filter((other) => other !== item)]);
        }
        let most = -1;
        for (const [id, items] of model) {
          const sum = items.reduce((total, one) => total + one.bytes, 0);
          expect([...(users.of(id)?.seen ?? [])]).toEqual(items);
          expect([users.of(id)?.count ?? 0, users.of(id)?.bytes ?? 0]).toEqual([items.length, sum]);
          if (items.length > 10) most = Math.max(most, sum);
        }
        expect(users.greediest?.bytes ?? -1).toBe(most);
      }
    }),
  );
});
