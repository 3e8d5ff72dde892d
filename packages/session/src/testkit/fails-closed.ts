// Guarantee 10: a store that cannot answer says so; it never looks like "not logged in".
import assert from "node:assert/strict";
import { SessionStoreUnavailableError } from "../model/errors.ts";
import { eventsOf, type Kit, present, refuses } from "./kit.ts";

export function failsClosed({ prove, hooks, seconds, pass }: Kit): void {
  const { blockWrites, outage } = hooks;
  if (blockWrites !== undefined) {
    prove(
      '10. Fails closed: a session can be read while "last seen" cannot be written',
      async (opened) => {
        const { store } = opened;
        const { id, handle } = await store.create({ data: { a: 1 }, userId: "42" });
        await pass(6);
        const unblock = await blockWrites(opened);
        try {
          const start = performance.now();
          for (let count = 0; count < 20; count += 1) {
            const session = present(await store.load(id));
            assert.deepEqual([session.get("a"), session.userId], [1, "42"]);
          }
          assert.ok(performance.now() - start < 4000, "it waits for no writer");
          assert.deepEqual(
            (await store.listByUser("42")).map((entry) => entry.handle),
            [handle],
          );
        } finally {
          await unblock();
        }
        const seen = present(await store.load(id));
        assert.ok(seen.lastSeenAt > seen.createdAt);
        seen.set("a", 2);
        assert.equal(await store.save(seen), true);
      },
      // Each load is due for "last seen".
      { ttl: seconds(1000), idle: seconds(40) },
    );
  }
  if (outage === undefined) {
    prove("10. Fails closed: a store without an engine always answers", async ({ store }) => {
      const { id } = await store.create();
      assert.notEqual(await store.load(id), undefined);
      assert.equal(await store.load("unknown"), undefined);
    });
    return;
  }
  prove("10. Fails closed: while the engine is unavailable every call fails with 503", async (opened) => {
    const { store } = opened;
    const session = await store.create({ data: { a: 1 }, userId: "42" });
    const { id, handle } = session;
    session.set("a", 2);
    await outage(opened);
    const calls: [string, () => unknown][] = [
      ["create", () => store.create()],
      ["createWithId", () => store.createWithId("own")],
      ["load", () => store.load(id)],
      ["save", () => store.save(session)],
      ["touch", () => store.touch(session)],
      ["regenerate", () => store.regenerate(session)],
      ["login", () => store.login(session, "43")],
      ["update", () => store.update(id, "a", () => 3)],
      ["destroy", () => store.destroy(id)],
      ["listByUser", () => store.listByUser("42")],
      ["destroyByUser", () => store.destroyByUser("42")],
      ["destroyByHandle", () => store.destroyByHandle("42", handle)],
      ["purgeExpired", () => store.purgeExpired()],
      ["purgeExpired", () => store.purgeExpired({ sliceMs: 10 })],
      ["len", () => store.len()],
      ["isEmpty", () => store.isEmpty()],
    ];
    for (const [name, call] of calls) {
      const events = await eventsOf("outage", () => refuses(call, SessionStoreUnavailableError));
      assert.equal(events.length, 1, name);
      assert.equal(JSON.stringify(events).includes(id.slice(-43)), false);
    }
    // The session object is as it was, so the request can be tried again.
    assert.deepEqual([session.id, session.get("a"), session.userId], [id, 2, "42"]);
    // A mistake of the program is not taken for an outage.
    await refuses(() => store.createWithId("not an id"), TypeError);
  });
}
