// L2 to L5 of the layer's protocol, as far as stores decide them: what replaces an id, what ends a record, and who may log in.
import assert from "node:assert/strict";
import { SessionEndedError } from "../model/errors.ts";
import { assertGone, type Kit, present, race, refuses } from "./kit.ts";
import { contentOf } from "./no-lost-update.ts";

export function newIds({ prove, rounds, seconds, pass }: Kit): void {
  prove(
    "5. No fixation: a renewal leaves the old id good for its grace, for the same session",
    async (opened) => {
      const { store, other } = opened;
      const session = await store.create({ data: { a: 1 }, userId: "42" });
      const { id: former, expiresAt, renewedAt } = session;
      await pass(2);
      session.set("b", 2);
      assert.equal(await store.renew(session), true);
      assert.notEqual(session.id, former);
      assert.equal(session.expiresAt, expiresAt);
      assert.ok(session.renewedAt > renewedAt);
      // A request that is under way goes on, and whatever it does is done to the same session.
      const late = present(await other.load(former));
      assert.deepEqual([late.handle, late.userId, contentOf(late)], [session.handle, "42", { a: 1, b: 2 }]);
      late.set("c", 3);
      assert.equal(await other.save(late), true);
      assert.equal(await other.update(former, "d", () => 4), 4);
      assert.equal(await other.touch(late), true);
      const now = present(await store.load(session.id));
      assert.deepEqual(contentOf(now), { a: 1, b: 2, c: 3, d: 4 });
      // But it gets no id, and may not ask for another strictly.
      late.set("e", 5);
      assert.equal(await other.renew(late), true);
      assert.equal(late.id, former);
      assert.equal(await other.regenerate(late), false);
      assert.equal(await other.login(late, "42"), false);
      assert.equal(present(await store.load(session.id)).get("e"), 5);
      await pass(12);
      await assertGone(opened, former);
      assert.equal(await other.save(late), false);
      assert.notEqual(await other.load(session.id), undefined);
    },
    { ttl: seconds(100), grace: seconds(10) },
  );

  prove("5. No fixation: parallel renewals give one new id, and cost nobody the session", async (opened) => {
    const { store, other } = opened;
    for (let round = 0; round < rounds / 20; round += 1) {
      const { id } = await store.create({ userId: "42" });
      const one = present(await store.load(id));
      const two = present(await other.load(id));
      one.set("a", 1);
      two.set("b", 2);
      const done = await race(
        round,
        () => store.renew(one),
        () => other.renew(two),
      );
      assert.deepEqual(done, [true, true]);
      assert.equal((one.id === id) === (two.id === id), false, "one of the two has a new id");
      const winner = one.id === id ? two : one;
      assert.deepEqual(contentOf(present(await store.load(winner.id))), { a: 1, b: 2 });
      // Renewed once more, all three open it.
      assert.equal(await store.renew(present(await store.load(winner.id))), true);
      assert.notEqual(await other.load(id), undefined);
      assert.notEqual(await other.load(winner.id), undefined);
    }
  });

  prove("5. No fixation: regenerate and login kill the ids that renewals left good", async (opened) => {
    const { store, other } = opened;
    for (const strictly of ["regenerate", "login"] as const) {
      const session = await store.create();
      const first = session.id;
      assert.equal(await store.renew(session), true);
      const second = session.id;
      assert.notEqual(await other.load(first), undefined);
      assert.equal(await other.wasReplaced(first), false);
      const done = strictly === "login" ? store.login(session, "42") : store.regenerate(session);
      assert.equal(await done, true);
      for (const id of [first, second]) {
        await assertGone(opened, id);
        // They open nothing, but they are known to be of a session that lives.
        assert.equal(await other.wasReplaced(id), true);
      }
      assert.equal(await other.wasReplaced(session.id), false);
      assert.equal(await other.wasReplaced(`${session.handle}.${"A".repeat(43)}`), false);
      assert.equal(await store.destroy(session), true);
      assert.equal(await other.wasReplaced(first), false);
    }
    assert.equal(await store.wasReplaced("unknown"), false);
  });

  prove(
    "6. Two clocks: a renewal begins the lifetime anew when it is asked to, of a user's session only",
    async ({ store, other }) => {
      const session = await store.create({ userId: "42" });
      const anonymous = await store.create();
      const { expiresAt } = session;
      const { expiresAt: ends } = anonymous;
      await pass(6);
      assert.equal(await store.renew(anonymous, { extend: true }), true);
      assert.equal(anonymous.expiresAt, ends);
      assert.equal(await store.renew(session, { extend: true }), true);
      assert.ok(session.expiresAt > expiresAt);
      await pass(6);
      assert.equal(await other.load(anonymous.id), undefined);
      assert.notEqual(await other.load(session.id), undefined);
    },
    { ttl: seconds(10) },
  );

  prove("7. Log out everywhere: a record ends, whatever its id has become", async (opened) => {
    const { store, other } = opened;
    for (const move of ["regenerate", "renew", "login"] as const) {
      const { id } = await store.create({ userId: "42" });
      const held = present(await other.load(id));
      const session = present(await store.load(id));
      const moved = move === "login" ? store.login(session, "42") : store[move](session);
      assert.equal(await moved, true);
      assert.equal(await other.destroy(held), true, move);
      await assertGone(opened, session.id);
      assert.equal(await other.destroy(held), false, move);
    }
    assert.equal(await store.len(), 0);
  });

  prove(
    "7. Log out everywhere: a login whose stamp is older than the end of all is refused",
    async (opened) => {
      const { store, other } = opened;
      const visitor = await store.create({ data: { cart: ["tea"] } });
      const { id } = visitor;
      await store.create({ userId: "42", stamp: "1" });
      assert.equal(await other.destroyByUser("42", { stamp: "2" }), 1);
      assert.equal(await store.login(visitor, "42", { stamp: "1" }), false);
      assert.equal(visitor.id, id);
      await refuses(() => store.create({ userId: "42", stamp: "1" }), SessionEndedError);
      await refuses(() => store.createWithId("own", { userId: "42", stamp: "1" }), SessionEndedError);
      assert.deepEqual(await other.listByUser("42"), []);
      assert.deepEqual(contentOf(present(await other.load(id))), { cart: ["tea"] });
      // Other users' logins, those with the new stamp, and those without are not concerned.
      assert.notEqual(await store.create({ userId: "43", stamp: "1" }), undefined);
      assert.notEqual(await store.create({ userId: "42" }), undefined);
      assert.equal(await store.login(visitor, "42", { stamp: "2" }), true);
      assert.equal((await other.listByUser("42")).length, 2);
    },
  );

  prove("7. Log out everywhere: a login by old credentials races with their change", async (opened) => {
    const { store, other } = opened;
    for (let round = 0; round < rounds / 10; round += 1) {
      const visitor = await store.create();
      const stamp = String(round);
      const [done] = await race(
        round,
        () =>
          round % 4 < 2
            ? store.login(visitor, "42", { stamp })
            : (async () => await store.create({ userId: "42", stamp }))().catch(() => false),
        () => other.destroyByUser("42", { stamp: `${round}+` }),
      );
      assert.deepEqual(await store.listByUser("42"), [], `${round}: ${String(done)}`);
      assert.equal((await other.load(visitor.id))?.userId, undefined);
    }
  });

  prove(
    "6. Two clocks: a login may have a lifetime of its own, which logging in again and renewing keep",
    async (opened) => {
      const { store, other } = opened;
      const session = await store.create({ userId: "42", ttl: seconds(30), persistent: false });
      assert.equal(session.expiresAt - session.createdAt, seconds(30_000));
      await pass(12);
      const now = present(await other.load(session.id));
      assert.equal(await other.login(now, "42", { authenticated: false }), true);
      assert.equal(now.authenticatedAt, undefined);
      assert.equal(now.authenticatedWithin(1000), false);
      assert.ok(now.expiresAt - session.expiresAt > seconds(11_000));
      assert.equal(await other.renew(now, { extend: true }), true);
      await pass(12);
      assert.equal(present(await store.load(now.id)).authenticatedWithin(1000), false);
      // Of another user's login nothing is left.
      assert.equal(await other.login(now, "43"), true);
      assert.equal(now.authenticatedWithin(1000), true);
      await pass(12);
      await assertGone(opened, now.id);
    },
    { ttl: seconds(10) },
  );

  prove("7. Log out everywhere: a session tells who acts in its user's name", async ({ store, other }) => {
    const admin = await store.create({ userId: "1" });
    const actor = { userId: "1", handle: admin.handle };
    const { id } = await store.create({ userId: "42", actor, authenticated: false });
    const session = present(await other.load(id));
    assert.deepEqual([session.userId, session.actor], ["42", actor]);
    assert.equal(session.authenticatedWithin(1000), false);
    assert.equal(admin.actor, undefined);
    assert.deepEqual(
      (await store.listByUser("42")).map((entry) => entry.actor),
      [actor],
    );
    assert.equal(present((await store.listByUser("1"))[0]).actor, undefined);
  });
}
