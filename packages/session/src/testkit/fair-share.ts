// Guarantee 8, of users: whoever opens more sessions than they may have loses the one that they have not used for longest.
import assert from "node:assert/strict";
import { assertGone, eventsOf, type Kit, present, race } from "./kit.ts";

export function fairShare({ prove, rounds, seconds, pass }: Kit): void {
  prove(
    "8. Bounded: a user has at most maxSessionsPerUser sessions; the one not seen for longest ends",
    async (opened) => {
      const { store, other } = opened;
      const sessions = [];
      for (let count = 0; count < 3; count += 1) {
        sessions.push(await store.create({ userId: "42" }));
        await pass(2);
      }
      const [first, second, third] = sessions.map(present);
      const stranger = await store.create({ userId: "43" });
      const visitor = await store.create();
      // The first one is used, so the second is the one not seen for longest.
      assert.notEqual(await other.load(present(first).id), undefined);
      await pass(2);
      const events = await eventsOf("destroyed", async () => {
        assert.equal(await other.login(visitor, "42"), true);
      });
      assert.deepEqual(events, [{ handle: present(second).handle }]);
      await assertGone(opened, present(second).id);
      for (const { id } of [present(first), present(third), stranger, visitor]) {
        assert.notEqual(await store.load(id), undefined);
      }
      assert.equal((await store.listByUser("42")).length, 3);
      // Who logs in again in the same session has no more than before.
      assert.equal(await store.login(visitor, "42"), true);
      assert.equal((await other.listByUser("42")).length, 3);
      await pass(2);
      const added = await store.create({ userId: "42" });
      assert.deepEqual([(await store.listByUser("42")).length, await store.len()], [3, 4]);
      assert.notEqual(await other.load(added.id), undefined);
    },
    { ttl: seconds(1000), idle: seconds(30), maxSessionsPerUser: 3 },
  );

  prove(
    "8. Bounded: with maxSessionsPerUser of 1, who logs in elsewhere is logged out here",
    async (opened) => {
      const { store, other } = opened;
      const here = await store.create({ userId: "42" });
      await pass(2);
      const there = await other.create({ userId: "42" });
      await assertGone(opened, here.id);
      assert.equal(present(await store.load(there.id)).userId, "42");
      assert.equal(await store.save(here), false);
    },
    { ttl: seconds(1000), maxSessionsPerUser: 1 },
  );

  prove(
    "8. Bounded: logins of one user race for the last place, and no more than maxSessionsPerUser stay",
    async ({ store, other }) => {
      for (let round = 0; round < rounds / 20; round += 1) {
        const created = await race(
          round,
          () => store.create({ userId: "42" }),
          () => other.create({ userId: "42" }),
        );
        const listed = await store.listByUser("42");
        assert.ok(listed.length >= 1 && listed.length <= 3, `${listed.length} sessions`);
        if (round === 0) assert.equal(listed.length, created.length);
      }
    },
    { maxSessionsPerUser: 3 },
  );
}
