// Guarantee 7: a user's sessions can be listed and ended, all of them or all others.
import assert from "node:assert/strict";
import { assertGone, type Kit, present, race } from "./kit.ts";
import { contentOf } from "./no-lost-update.ts";

export function logOutEverywhere({ prove, rounds, seconds, pass }: Kit): void {
  prove(
    "7. Log out everywhere: listByUser shows each of a user's sessions, and nobody else's",
    async ({ store, other }) => {
      const client = { ip: "192.0.2.1", userAgent: "Browser/1.0 \u{1f9e5}" };
      const laptop = await store.create({ userId: "42", client });
      const phone = await store.create({ data: { a: 1 } });
      assert.equal(await store.login(phone, "42", { client: { ip: "2001:db8::1" } }), true);
      await store.create({ userId: "43" });
      await store.create();
      const entries = await other.listByUser("42");
      assert.deepEqual(
        entries.map(({ handle }) => handle).toSorted(),
        [laptop.handle, phone.handle].toSorted(),
      );
      const entry = present(entries.find(({ handle }) => handle === laptop.handle));
      assert.deepEqual(
        [entry.createdAt, entry.expiresAt, entry.ip, entry.userAgent],
        [laptop.createdAt, laptop.expiresAt, client.ip, client.userAgent],
      );
      const second = present(entries.find(({ handle }) => handle === phone.handle));
      assert.deepEqual([second.ip, second.userAgent], ["2001:db8::1", undefined]);
      assert.equal(second.expiresAt, phone.expiresAt);
      assert.equal((await other.listByUser("43")).length, 1);
      assert.deepEqual(await other.listByUser("nobody"), []);
      assert.deepEqual(await other.listByUser(""), []);
    },
  );

  prove(
    "7. Log out everywhere: the session last seen is listed first",
    async ({ store }) => {
      const sessions = [];
      for (let count = 0; count < 3; count += 1) {
        sessions.push(await store.create({ userId: "42" }));
        await pass(2);
      }
      const [first, second, third] = sessions.map(({ handle }) => handle);
      const order = async (): Promise<string[]> => (await store.listByUser("42")).map(({ handle }) => handle);
      assert.deepEqual(await order(), [third, second, first]);
      await store.load(present(sessions[0]).id);
      assert.deepEqual(await order(), [first, third, second]);
      const [entry] = await store.listByUser("42");
      assert.ok(present(entry).lastSeenAt > present(entry).createdAt);
    },
    { ttl: seconds(100), idle: seconds(10) },
  );

  prove("7. Log out everywhere: destroyByUser ends all sessions of one user", async (opened) => {
    const { store, other } = opened;
    const sessions = [];
    for (let count = 0; count < 5; count += 1) sessions.push(await store.create({ userId: "42" }));
    const stranger = await store.create({ userId: "43" });
    const late = present(await store.load(present(sessions[0]).id));
    assert.equal(await other.destroyByUser("42"), 5);
    for (const { id } of sessions) await assertGone(opened, id);
    late.set("a", 1);
    assert.equal(await store.save(late), false);
    assert.notEqual(await store.load(stranger.id), undefined);
    assert.deepEqual(await store.listByUser("42"), []);
    assert.equal(await store.destroyByUser("42"), 0);
    assert.equal(await store.destroyByUser("nobody"), 0);
    assert.equal(await store.len(), 1);
    assert.notEqual(await other.load((await store.create({ userId: "42" })).id), undefined);
  });

  prove("7. Log out everywhere: destroyByUser spares one, by session, handle or id", async (opened) => {
    const { store, other } = opened;
    for (const form of ["session", "handle", "id"] as const) {
      const own = { userId: form };
      for (const create of [() => store.create(own), () => store.createWithId(`own-${form}`, own)]) {
        const kept = await create();
        const dropped = await store.create({ userId: form });
        const except = form === "session" ? kept : kept[form];
        assert.equal(await other.destroyByUser(form, { except }), 1, form);
        await assertGone(opened, dropped.id);
        assert.equal(present(await store.load(kept.id)).userId, form);
        assert.equal(await store.save(kept), true);
        assert.equal((await store.listByUser(form)).length, 1);
        assert.equal(await store.destroyByUser(form), 1);
      }
    }
    // One that is not the user's spares nobody.
    const { id } = await store.create({ userId: "42" });
    const stranger = await store.create({ userId: "43" });
    assert.equal(await store.destroyByUser("42", { except: stranger }), 1);
    await assertGone(opened, id);
    assert.notEqual(await store.load(stranger.id), undefined);
  });

  prove("7. Log out everywhere: destroyByHandle ends one session, of that user only", async (opened) => {
    const { store, other } = opened;
    const one = await store.create({ userId: "42" });
    const two = await store.create({ userId: "42" });
    const anonymous = await store.create();
    assert.equal(await other.destroyByHandle("43", one.handle), false);
    assert.equal(await other.destroyByHandle("42", anonymous.handle), false);
    assert.equal(await other.destroyByHandle("42", "unknown"), false);
    assert.equal(await store.len(), 3);
    assert.equal(await other.destroyByHandle("42", one.handle), true);
    assert.equal(await other.destroyByHandle("42", one.handle), false);
    await assertGone(opened, one.id);
    assert.notEqual(await store.load(two.id), undefined);
    assert.deepEqual(
      (await store.listByUser("42")).map(({ handle }) => handle),
      [two.handle],
    );
  });

  prove(
    "7. Log out everywhere: a session that changes hands belongs to one user, and is empty",
    async ({ store, other }) => {
      const session = await store.create({ userId: "42", data: { a: 1 } });
      session.set("b", 2);
      assert.equal(await store.login(session, "43"), true);
      assert.deepEqual(contentOf(session), {});
      assert.deepEqual(await other.listByUser("42"), []);
      assert.equal((await other.listByUser("43")).length, 1);
      assert.equal(await other.destroyByUser("42"), 0);
      const now = present(await other.load(session.id));
      assert.deepEqual([now.userId, contentOf(now)], ["43", {}]);
      await store.destroy(session.id);
      assert.deepEqual(await other.listByUser("43"), []);
    },
  );

  prove("7. Log out everywhere: any user id without control characters will do", async ({ store, other }) => {
    for (const userId of [
      "0",
      " ",
      "a:b{c}",
      "__proto__",
      "constructor",
      "%_'\"\\",
      "é\u{1f9e5}",
      "x".repeat(255),
    ]) {
      const { id } = await store.create({ userId });
      assert.equal(present(await other.load(id)).userId, userId);
      assert.equal((await other.listByUser(userId)).length, 1);
      assert.equal(await other.destroyByUser(userId), 1);
    }
    for (const userId of ["", "\0", "a\nb", "\ud800", "x".repeat(256)]) {
      await assert.rejects(async () => await store.create({ userId }), TypeError);
      const session = await store.create();
      await assert.rejects(async () => await store.login(session, userId), TypeError);
      assert.equal(await store.destroy(session.id), true);
    }
    assert.equal(await store.len(), 0);
  });

  prove("7. Log out everywhere: creating a session races with destroyByUser", async ({ store, other }) => {
    for (let round = 0; round < rounds / 10; round += 1) {
      const before = await store.create({ userId: "42" });
      const [created, count] = await race(
        round,
        () => store.create({ userId: "42" }),
        () => other.destroyByUser("42"),
      );
      assert.equal(await other.load(before.id), undefined);
      const alive = await other.load(created.id);
      // It lives and is listed, or it does neither.
      assert.deepEqual(
        (await store.listByUser("42")).map(({ handle }) => handle),
        alive ? [created.handle] : [],
      );
      assert.ok(count >= 1 && count <= 2);
      await store.destroyByUser("42");
      assert.equal(await store.load(created.id), undefined);
    }
    assert.equal(await store.len(), 0);
  });

  prove("7. Log out everywhere: login and regenerate race with destroyByUser", async ({ store, other }) => {
    for (let round = 0; round < rounds / 10; round += 1) {
      // A session of the user ends, whatever becomes of its id meanwhile.
      const known = await store.create({ userId: "42" });
      const again = await store.create({ userId: "42" });
      await race(
        round,
        async () => [await store.regenerate(known), await store.login(again, "42")],
        () => other.destroyByUser("42"),
      );
      // A login that came too late to find its session has failed; one that came in time was undone.
      assert.equal(await other.load(known.id), undefined);
      assert.equal(await other.load(again.id), undefined);
      const visitor = await store.create();
      const [loggedIn] = await race(
        round,
        () => store.login(visitor, "42"),
        () => other.destroyByUser("42"),
      );
      assert.equal(loggedIn, true);
      const alive = await other.load(visitor.id);
      assert.deepEqual(
        (await store.listByUser("42")).map(({ handle }) => handle),
        alive ? [visitor.handle] : [],
      );
      await store.destroyByUser("42");
      assert.equal(await other.load(visitor.id), undefined);
    }
    assert.equal(await store.len(), 0);
  });
}
