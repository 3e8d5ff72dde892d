// Guarantee 4: what comes after the end of a session writes nothing, and says so.
import assert from "node:assert/strict";
import { SessionEndedError } from "../model/errors.ts";
import { assertGone, type Connections, type Kit, present, race, refuses } from "./kit.ts";
import type { Session } from "../model/session.ts";
import type { AnyData } from "./kit.ts";

/** All that can be done with a session that somebody has loaded. */
const WRITES: [string, (opened: Connections, session: Session<AnyData>) => unknown][] = [
  ["save", ({ store }, session) => store.save(session)],
  ["touch", ({ store }, session) => store.touch(session)],
  ["regenerate", ({ store }, session) => store.regenerate(session)],
  ["renew", ({ store }, session) => store.renew(session)],
  ["login", ({ store }, session) => store.login(session, "42")],
];

export function noResurrection({ prove, rounds, seconds, pass }: Kit): void {
  prove("4. No resurrection: every write after destroy is refused", async (opened) => {
    const { store, other } = opened;
    for (const [name, write] of WRITES) {
      const session = await store.create({ data: { a: 1 } });
      session.set("b", 2);
      assert.equal(await other.destroy(session.id), true);
      const { id } = session;
      assert.equal(await write(opened, session), false, name);
      assert.equal(session.id, id, `${name} gives no new id`);
      assert.equal(session.get("b"), 2, `${name} keeps the changes in the session object`);
      await assertGone(opened, id);
    }
    const { id } = await store.create();
    assert.equal(await store.destroy(id), true);
    assert.equal(await other.destroy(id), false);
    await refuses(() => store.update(id, "a", () => 1), SessionEndedError);
    assert.equal(await store.len(), 0);
    assert.deepEqual(await store.listByUser("42"), []);
  });

  prove(
    "4. No resurrection: every write after expiry is refused",
    async (opened) => {
      const { store } = opened;
      const sessions = [];
      for (const [name, write] of WRITES) {
        const { id } = await store.create({ data: { a: 1 } });
        const session = present(await store.load(id));
        session.set("b", 2);
        sessions.push({ name, write, session });
      }
      const { id } = await store.create();
      await pass(12);
      for (const { name, write, session } of sessions) {
        assert.equal(await write(opened, session), false, name);
        await assertGone(opened, session.id);
      }
      await refuses(() => store.update(id, "a", () => 1), SessionEndedError);
      assert.equal(await store.destroy(id), false);
      await store.purgeExpired();
      assert.equal(await store.len(), 0);
      assert.deepEqual(await store.listByUser("42"), []);
    },
    { ttl: seconds(10) },
  );

  prove(
    "4. No resurrection: save, touch, regenerate, renew, login and update race with destroy",
    async (opened) => {
      const { store, other } = opened;
      for (let round = 0; round < rounds / 10; round += 1) {
        for (const [name, write] of WRITES) {
          const { id } = await store.create({ data: { a: 1 } });
          const session = present(await store.load(id));
          session.set("b", 2);
          const byId = round % 4 < 2;
          const held = present(await other.load(id));
          const [written, destroyed] = await race(
            round,
            () => write(opened, session),
            () => other.destroy(byId ? id : held),
          );
          const isRenewed = session.id !== id;
          const isStrict = name === "regenerate" || name === "login";
          assert.equal(isRenewed, written === true && (isStrict || name === "renew"), name);
          // A record that has got a new id strictly is not found by the old one any more. Whoever has loaded it ends it all the
          // same, and so does an id that a renewal has left good.
          assert.equal(destroyed, !(byId && isStrict && isRenewed), name);
          await assertGone(opened, id);
          if (destroyed) await assertGone(opened, session.id);
          else assert.equal(await store.destroy(session.id), true, name);
        }
        const { id } = await store.create();
        await race(
          round,
          async () => {
            try {
              await store.update(id, "a", () => 1);
            } catch (error) {
              assert.ok(error instanceof SessionEndedError);
            }
          },
          () => other.destroy(id),
        );
        await assertGone(opened, id);
      }
      assert.equal(await store.len(), 0, "no half of a session is left");
    },
  );

  prove("4. No resurrection: an unknown session cannot be saved", async (opened) => {
    const { store, other } = opened;
    const session = await store.create({ data: { a: 1 } });
    await other.destroy(session.id);
    session.set("a", 2);
    assert.equal(await store.save(session), false);
    assert.equal(await store.load("unknown"), undefined);
    assert.equal(await store.destroy("unknown"), false);
    assert.equal(await store.isEmpty(), true);
  });
}
