// Guarantee 5: an id that was known before the login is worth nothing after it.
import assert from "node:assert/strict";
import { SessionEndedError } from "../model/errors.ts";
import { assertGone, type Kit, present, race, refuses } from "./kit.ts";
import { contentOf } from "./no-lost-update.ts";

export function noFixation({ prove, rounds }: Kit): void {
  prove("5. No fixation: regenerate gives another id for the same data", async (opened) => {
    const { store, other } = opened;
    for (const session of [
      await store.create({ data: { a: 1 }, userId: "42" }),
      await store.createWithId("fixed-by-somebody", { data: { a: 1 }, userId: "42" }),
    ]) {
      const { id: former, handle, createdAt, expiresAt } = session;
      assert.equal(await store.regenerate(session), true);
      assert.notEqual(session.id, former);
      assert.match(session.id, /[A-Za-z0-9_-]{43}$/);
      const now = present(await other.load(session.id));
      assert.deepEqual(contentOf(now), { a: 1 });
      assert.deepEqual(
        [now.handle, now.userId, now.createdAt, now.expiresAt],
        [handle, "42", createdAt, expiresAt],
      );
      await assertGone(opened, former);
      assert.equal(await other.destroy(former), false);
      assert.notEqual(await other.load(session.id), undefined);
    }
  });

  prove("5. No fixation: a late write under the old id is refused", async (opened) => {
    const { store, other } = opened;
    const session = await store.create({ data: { a: 1 } });
    const late = present(await other.load(session.id));
    assert.equal(await store.regenerate(session), true);
    late.set("a", "attacker");
    assert.equal(await other.save(late), false);
    assert.equal(await other.touch(late), false);
    assert.equal(await other.regenerate(late), false);
    assert.equal(await other.login(late, "attacker"), false);
    await refuses(() => other.update(late.id, "a", () => "attacker"), SessionEndedError);
    const now = present(await store.load(session.id));
    assert.deepEqual([now.get("a"), now.userId], [1, undefined]);
    assert.deepEqual(await store.listByUser("attacker"), []);
  });

  prove("5. No fixation: login gives another id, names the user and when", async (opened) => {
    const { store, other } = opened;
    const session = await store.create({ data: { cart: ["tea"] } });
    const { id: former, handle } = session;
    assert.equal(session.userId, undefined);
    assert.equal(session.authenticatedAt, undefined);
    assert.equal(session.authenticatedWithin(60), false);
    session.set("seen", true);
    assert.equal(await store.login(session, "42"), true);
    await assertGone(opened, former);
    for (const now of [session, present(await other.load(session.id))]) {
      assert.deepEqual([now.userId, now.handle], ["42", handle]);
      assert.deepEqual(contentOf(now), { cart: ["tea"], seen: true });
      assert.equal(now.authenticatedWithin(60), true);
      assert.equal(now.authenticatedAt !== undefined && now.expiresAt - now.authenticatedAt, 3600_000);
    }
  });

  prove("5. No fixation: save races with regenerate", async ({ store, other }) => {
    for (let round = 0; round < rounds / 10; round += 1) {
      const session = await store.create({ data: { a: 1 } });
      const { id: former } = session;
      const parallel = present(await other.load(former));
      parallel.set("b", round);
      const [regenerated, saved] = await race(
        round,
        () => store.regenerate(session),
        () => other.save(parallel),
      );
      assert.equal(regenerated, true);
      assert.equal(await other.load(former), undefined);
      const now = present(await other.load(session.id));
      assert.deepEqual(contentOf(now), saved ? { a: 1, b: round } : { a: 1 });
    }
    assert.equal(await store.len(), rounds / 10);
  });

  prove("5. No fixation: of two that regenerate at once, one wins", async ({ store, other }) => {
    for (let round = 0; round < rounds / 10; round += 1) {
      const one = await store.create({ data: { a: 1 } });
      const { id: former } = one;
      const two = present(await other.load(former));
      const [first, second] = await race(
        round,
        () => store.regenerate(one),
        () => (round % 4 < 2 ? other.regenerate(two) : other.login(two, "42")),
      );
      assert.equal(first === second, false);
      const [winner, loser] = first ? [one, two] : [two, one];
      assert.equal(loser.id, former);
      assert.equal(await store.load(former), undefined);
      assert.equal(await store.save(loser), false);
      assert.equal(present(await store.load(winner.id)).get("a"), 1);
      assert.equal(await other.destroy(winner.id), true);
    }
    assert.equal(await store.len(), 0);
    assert.deepEqual(await store.listByUser("42"), []);
  });
}
