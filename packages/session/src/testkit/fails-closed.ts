// Guarantee 10: a store that cannot answer says so; it never looks like "not logged in".
import assert from "node:assert/strict";
import { SessionStoreUnavailableError } from "../model/errors.ts";
import { eventsOf, type Kit, refuses } from "./kit.ts";

export function failsClosed({ prove, hooks }: Kit): void {
  const { outage } = hooks;
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
