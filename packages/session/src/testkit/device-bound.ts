// Guarantee 2, continued: what binds a session to a device is the session's as long as it lives, whatever becomes of its id, and
// changes only from what it was. Stores do not look into it, except for whether it binds.
import assert from "node:assert/strict";
import { type Kit, present, race } from "./kit.ts";
import { stateOf } from "../model/session.ts";

const OFFER = "offer é\u{1f3a9}\"'\\ ";
const KEY = `bound ${"x".repeat(1000)}`;

export function deviceBound({ prove, rounds, hooks }: Kit): void {
  prove(
    "2. Not stealable: what binds a session to a device changes only from what it was",
    async (opened) => {
      const { store, other } = opened;
      const session = await store.create({ userId: "42" });
      assert.equal(stateOf(session).device, undefined);
      assert.equal(await store.exchangeDevice(session, undefined, OFFER), true);
      assert.equal(await other.exchangeDevice(session, undefined, "another"), false);
      assert.equal(await other.exchangeDevice(session, `${OFFER} `, "another"), false);
      assert.equal(stateOf(present(await other.load(session.id))).device, OFFER);
      assert.equal(await other.exchangeDevice(session, OFFER, KEY), true);
      assert.equal(stateOf(present(await store.load(session.id))).device, KEY);
      assert.equal(await store.exchangeDevice(session, KEY, undefined), true);
      assert.equal(stateOf(present(await store.load(session.id))).device, undefined);
      assert.equal(await other.exchangeDevice(session, undefined, undefined), true);
    },
  );

  prove(
    "2. Not stealable: a binding outlives changes, a new id, and another login of its user",
    async (opened) => {
      const { store, other } = opened;
      const session = await store.create({ userId: "42", data: { a: 1 } });
      assert.equal(await store.exchangeDevice(session, undefined, KEY), true);
      const isKept = async () => {
        assert.equal(stateOf(present(await other.load(session.id))).device, KEY);
      };
      session.set("a", 2);
      assert.equal(await store.save(session), true);
      await isKept();
      await store.update(session.id, "a", () => 3);
      assert.equal(await store.touch(session), true);
      assert.equal(await store.renew(session), true);
      await isKept();
      assert.equal(await store.regenerate(session), true);
      await isKept();
      assert.equal(await store.login(session, "42"), true);
      await isKept();
      // Another user's login begins with nothing of it.
      assert.equal(await store.login(session, "43"), true);
      assert.equal(stateOf(present(await other.load(session.id))).device, undefined);
    },
  );

  prove(
    "2. Not stealable: the list of a user's sessions says which are bound, and shows nothing of it",
    async (opened) => {
      const { store, other } = opened;
      const [bound, offered] = [await store.create({ userId: "42" }), await store.create({ userId: "42" })];
      await store.create({ userId: "42" });
      assert.equal(await store.exchangeDevice(bound, undefined, KEY), true);
      assert.equal(await store.exchangeDevice(offered, undefined, OFFER), true);
      const entries = await other.listByUser("42");
      assert.equal(entries.length, 3);
      for (const entry of entries) assert.equal(entry.deviceBound, entry.handle === bound.handle);
      assert.ok(!JSON.stringify(entries).includes(KEY));
    },
  );

  prove("2. Not stealable: nothing is bound that has ended", async ({ store, other }) => {
    const session = await store.create({ userId: "42" });
    const late = present(await other.load(session.id));
    assert.equal(await store.destroy(session.id), true);
    assert.equal(await other.exchangeDevice(late, undefined, KEY), false);
    assert.equal(await store.load(session.id), undefined);
    const renamed = await store.create({ userId: "42" });
    const former = present(await other.load(renamed.id));
    assert.equal(await store.regenerate(renamed), true);
    assert.equal(await other.exchangeDevice(former, undefined, KEY), false);
    assert.equal(stateOf(present(await store.load(renamed.id))).device, undefined);
  });

  prove("2. Not stealable: of two that bind a session at once, one does", async ({ store, other }) => {
    const session = await store.create({ userId: "42" });
    let device: string | undefined;
    for (let round = 0; round < Math.min(rounds, 100); round += 1) {
      const [one, two] = [`bound one ${round}`, `bound two ${round}`];
      const from = device;
      const done = await race(
        round,
        () => store.exchangeDevice(session, from, one),
        () => other.exchangeDevice(session, from, two),
      );
      assert.deepEqual(done.toSorted(), [false, true]);
      device = done[0] ? one : two;
    }
    assert.equal(stateOf(present(await store.load(session.id))).device, device);
  });

  prove(
    "2. Not stealable: a session is bound while it gets another id, and neither is lost",
    async (opened) => {
      const { store, other } = opened;
      const session = await store.create({ userId: "42" });
      let device: string | undefined;
      for (let round = 0; round < Math.min(rounds, 50); round += 1) {
        const parallel = present(await other.load(session.id));
        const from = device;
        const next = `bound ${round}`;
        const [isRenewed, isBound] = await race(
          round,
          () => store.renew(session),
          () => other.exchangeDevice(parallel, from, next),
        );
        assert.deepEqual([isRenewed, isBound], [true, true]);
        device = next;
        assert.equal(stateOf(present(await other.load(session.id))).device, device);
      }
    },
  );

  const { dump } = hooks;
  if (dump === undefined) return;
  prove("2. Not stealable: what binds a session is written as it is, and gone with it", async (opened) => {
    const { store } = opened;
    const session = await store.create({ userId: "42" });
    assert.equal(await store.exchangeDevice(session, undefined, KEY), true);
    assert.ok((await dump(opened)).includes(KEY));
    assert.equal(await store.destroy(session.id), true);
    assert.equal((await store.listByUser("42")).length, 0);
  });
}
