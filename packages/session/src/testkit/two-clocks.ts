// Guarantee 6: an absolute lifetime that nothing but a login begins anew, and an idle timeout that using it moves on.
import assert from "node:assert/strict";
import { assertGone, type Kit, present } from "./kit.ts";

export function twoClocks({ prove, hooks, seconds, pass }: Kit): void {
  const lifetime = { ttl: seconds(10) };

  prove("6. Two clocks: a session says when it was created and when it ends", async ({ store, other }) => {
    const session = await store.create();
    for (const now of [session, present(await other.load(session.id))]) {
      assert.equal(now.expiresAt - now.createdAt, 3600_000);
      assert.ok(Math.abs(now.createdAt - Date.now()) < 10_000);
      assert.ok(now.lastSeenAt >= now.createdAt);
    }
    assert.deepEqual([store.ttl, store.idle], [3600, undefined]);
  });

  prove(
    "6. Two clocks: the lifetime counts from creation; using a session does not prolong it",
    async (opened) => {
      const { store } = opened;
      const session = await store.create();
      await pass(6);
      const used = present(await store.load(session.id));
      used.set("a", 1);
      assert.equal(await store.save(used), true);
      assert.equal(await store.touch(used), true);
      assert.equal(used.expiresAt, session.expiresAt);
      await pass(6);
      await assertGone(opened, session.id);
    },
    lifetime,
  );

  prove(
    "6. Two clocks: regenerate does not prolong the lifetime",
    async (opened) => {
      const { store } = opened;
      const session = await store.create();
      const { expiresAt } = session;
      await pass(6);
      assert.equal(await store.regenerate(session), true);
      assert.equal(session.expiresAt, expiresAt);
      await pass(6);
      await assertGone(opened, session.id);
    },
    lifetime,
  );

  prove(
    "6. Two clocks: a login begins the lifetime anew",
    async (opened) => {
      const { store, other } = opened;
      const session = await store.create();
      const { createdAt, expiresAt } = session;
      await pass(6);
      assert.equal(await store.login(session, "42"), true);
      assert.equal(session.createdAt, createdAt);
      assert.ok(session.expiresAt > expiresAt);
      await pass(6);
      assert.notEqual(await other.load(session.id), undefined);
      await pass(6);
      await assertGone(opened, session.id);
    },
    lifetime,
  );

  prove(
    "6. Two clocks: without a request, a session ends at its idle timeout",
    async (opened) => {
      const { store } = opened;
      const { id } = await store.create({ userId: "42" });
      await pass(12);
      await assertGone(opened, id);
      assert.deepEqual(await store.listByUser("42"), []);
      assert.equal(await store.destroyByUser("42"), 0);
    },
    { ttl: seconds(100), idle: seconds(10) },
  );

  prove(
    "6. Two clocks: loading is activity, and so is touch",
    async (opened) => {
      const { store, other } = opened;
      const { id } = await store.create();
      await pass(6);
      const session = present(await store.load(id));
      await pass(6);
      assert.equal(await other.touch(session), true);
      await pass(6);
      assert.notEqual(await other.load(id), undefined);
      await pass(13);
      await assertGone(opened, id);
    },
    { ttl: seconds(100), idle: seconds(10) },
  );

  prove(
    "6. Two clocks: activity does not prolong the absolute lifetime",
    async (opened) => {
      const { store } = opened;
      const { id } = await store.create();
      await pass(4);
      assert.equal(await store.touch(present(await store.load(id))), true);
      await pass(4);
      assert.notEqual(await store.load(id), undefined);
      await pass(4);
      await assertGone(opened, id);
    },
    { ttl: seconds(10), idle: seconds(6) },
  );

  prove(
    "6. Two clocks: the refresh of the idle timeout is throttled",
    async (opened) => {
      const { store } = opened;
      const { id } = await store.create();
      const before = await hooks.dump?.(opened);
      const seenAt = present(await store.load(id)).lastSeenAt;
      assert.equal(
        await hooks.dump?.(opened),
        before,
        "a load within a tenth of the idle time writes nothing",
      );
      await pass(6);
      const session = present(await store.load(id));
      assert.ok(session.lastSeenAt > seenAt);
      const after = await hooks.dump?.(opened);
      await store.load(id);
      assert.equal(await hooks.dump?.(opened), after);
    },
    // The throttle is a tenth, of a time that no slow machine takes between two loads.
    { ttl: seconds(1000), idle: seconds(40) },
  );

  prove(
    "6. Two clocks: a lifetime of 0 ends at once",
    async (opened) => {
      const session = await opened.store.create({ userId: "42" });
      await assertGone(opened, session.id);
      assert.equal(await opened.store.save(session), false);
      assert.deepEqual(await opened.store.listByUser("42"), []);
    },
    { ttl: 0 },
  );
}
