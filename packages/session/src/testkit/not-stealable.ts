// Guarantee 2: whoever reads the store, the logs or the pages cannot log in with what stands there.
import assert from "node:assert/strict";
import { SessionEndedError } from "../model/errors.ts";
import { eventsOf, type Kit, present, refuses } from "./kit.ts";

const CHANNELS = ["created", "loaded", "saved", "regenerated", "destroyed", "expired", "refused"];

export function notStealable({ prove, hooks }: Kit): void {
  prove("2. Not stealable: the handle names a session, and opens none", async ({ store, other }) => {
    for (const session of [await store.create(), await store.createWithId("custom-id")]) {
      const { id, handle } = session;
      assert.notEqual(handle, id);
      assert.equal(handle.includes("custom-id"), false);
      assert.equal(present(await other.load(id)).handle, handle);
      assert.equal(await store.load(handle), undefined);
      assert.equal(await store.destroy(handle), false);
      assert.equal(await store.regenerate(session), true);
      assert.equal(session.handle, handle);
    }
  });

  prove("2. Not stealable: a wrong secret behind a right name finds nothing", async ({ store }) => {
    const session = await store.create({ data: { kept: true } });
    const stranger = await store.create();
    const secret = stranger.id.slice(-43);
    const last = session.id.at(-1) === "A" ? "B" : "A";
    const forged = [`${session.handle}.${secret}`, `${session.id.slice(0, -1)}${last}`, `${session.handle}.`];
    for (const id of forged) {
      assert.equal(await store.load(id), undefined);
      await refuses(() => store.update(id, "kept", () => false), SessionEndedError);
      assert.equal(await store.destroy(id), false);
    }
    assert.equal(present(await store.load(session.id)).get("kept"), true);
  });

  const { dump } = hooks;
  if (dump !== undefined) {
    prove("2. Not stealable: a dump of the store logs nobody in", async (opened) => {
      const { store } = opened;
      const custom = await store.createWithId("my-own-secret-id", { data: { a: 1 } });
      const session = await store.create({ data: { a: 1 }, userId: "42" });
      const former = session.id;
      assert.equal(await store.regenerate(session), true);
      const regenerated = session.id;
      assert.equal(await store.login(session, "42"), true);
      const text = await dump(opened);
      // It is a dump of what is kept.
      assert.ok(text.includes(session.handle) && text.includes(custom.handle));
      assert.equal(text.includes("my-own-secret-id"), false);
      for (const id of [former, regenerated, session.id]) {
        const secret = id.slice(-43);
        const bytes = Buffer.from(secret, "base64url");
        for (const form of [
          secret,
          bytes.toString("hex"),
          bytes.toString("base64"),
          bytes.toString("latin1"),
        ]) {
          assert.equal(text.includes(form), false);
        }
      }
      // Nor does anything that stands in it open a session.
      const words = new Set(text.match(/[A-Za-z0-9._~-]{1,256}/g));
      for (const word of words) {
        assert.equal(await store.load(word), undefined);
        assert.equal(await store.load(`${session.handle}.${word}`), undefined);
      }
    });
  }

  prove("2. Not stealable: events carry handles, never ids", async ({ store }) => {
    const ids: string[] = [];
    let handle = "";
    let run = async (): Promise<void> => {
      const session = await store.create({ userId: "42" });
      handle = session.handle;
      ids.push(session.id);
      const late = present(await store.load(session.id));
      await store.save(session);
      await store.regenerate(session);
      ids.push(session.id);
      await store.save(late);
      await store.destroy(session.id);
    };
    const events = new Map<string, object[]>();
    for (const channel of CHANNELS) {
      const inner = run;
      run = async () => void events.set(channel, await eventsOf(channel, inner));
    }
    await run();
    for (const channel of ["created", "loaded", "saved", "regenerated", "destroyed"]) {
      assert.deepEqual(events.get(channel), [{ handle }], channel);
    }
    assert.deepEqual(events.get("refused"), [{ handle, reason: "gone" }]);
    const text = JSON.stringify([...events]);
    for (const id of ids) assert.equal(text.includes(id.slice(-43)), false);
  });
}
