// Guarantee 8: a session cannot grow without bound, and neither can the store.
import assert from "node:assert/strict";
import { SessionTooLargeError } from "../model/errors.ts";
import { eventsOf, type Kit, present, refuses } from "./kit.ts";
import { contentOf } from "./no-lost-update.ts";

/** One key of one letter, and text in quotes: 3 bytes beside the text. */
const LIMIT = { maxBytes: 100 };
const FITS = "x".repeat(97);

export function bounded({ prove, seconds, pass }: Kit): void {
  prove(
    "8. Bounded: maxBytes counts keys and values as JSON in UTF-8, to the byte",
    async ({ store, other }) => {
      for (const data of [
        { k: FITS },
        { k: "é".repeat(48) },
        { k: "\u{1f9e5}".repeat(24) },
        { "\0": "x".repeat(92) },
      ]) {
        const session = await store.create({ data });
        assert.deepEqual(contentOf(present(await other.load(session.id))), data);
        assert.equal(await store.destroy(session.id), true);
      }
      for (const data of [
        { k: `${FITS}x` },
        { k: "é".repeat(49) },
        { k: "\u{1f9e5}".repeat(25) },
        { k: "\ud800".repeat(17) },
        { [FITS]: 1234 },
        { k: [FITS] },
      ]) {
        await refuses(() => store.create({ data }), SessionTooLargeError);
        await refuses(() => store.createWithId("own", { data }), SessionTooLargeError);
      }
      assert.equal(await store.len(), 0);
    },
    LIMIT,
  );

  prove(
    "8. Bounded: what would grow over maxBytes is refused, and nothing is lost",
    async ({ store, other }) => {
      const session = await store.create({ data: { a: "kept" }, userId: "42" });
      const { id } = session;
      const attempts = [
        () => store.save(session),
        () => store.regenerate(session),
        () => store.renew(session),
        () => store.login(session, "42"),
        () => store.update(id, "b", () => FITS),
      ];
      session.set("b", FITS);
      for (const attempt of attempts) await refuses(attempt, SessionTooLargeError);
      const now = present(await other.load(id));
      assert.deepEqual([contentOf(now), now.userId], [{ a: "kept" }, "42"]);
      assert.equal(session.id, id);
      assert.equal(session.get("b"), FITS, "the changes are still in the session object");
      session.set("b", "short");
      assert.equal(await store.save(session), true);
      assert.deepEqual(contentOf(present(await other.load(id))), { a: "kept", b: "short" });
    },
    LIMIT,
  );

  prove(
    "8. Bounded: the error names the key that takes the most, and tells the client nothing",
    async ({ store }) => {
      const session = await store.create({ data: { a: "small" } });
      const big = "x".repeat(200);
      session.set("b", big);
      const calls = [
        () => store.save(session),
        () => store.update(session.id, "b", () => big),
        () => store.create({ data: { a: "small", b: big } }),
      ];
      for (const call of calls) {
        const error = await Promise.resolve()
          .then(call)
          .catch((it: unknown) => it);
        assert.ok(error instanceof SessionTooLargeError);
        assert.deepEqual([error.statusCode, error.maxBytes, error.key], [500, 100, "b"]);
        assert.match(error.message, /larger than 100 bytes; the key "b" takes 203 of them/);
        assert.equal(error.detail, "The session could not be stored.");
      }
    },
    LIMIT,
  );

  prove(
    "8. Bounded: two saves that fit one by one, but not together, cannot both win",
    async ({ store, other }) => {
      const { id, handle } = await store.create();
      const one = present(await store.load(id));
      const two = present(await other.load(id));
      one.set("a", "x".repeat(50));
      two.set("b", "x".repeat(50));
      assert.equal(await store.save(one), true);
      const events = await eventsOf("refused", () => refuses(() => other.save(two), SessionTooLargeError));
      assert.deepEqual(events, [{ handle, reason: "too-large" }]);
      // Making room and taking it are one save.
      two.remove("a");
      assert.equal(await other.save(two), true);
      assert.deepEqual(present(await store.load(id)).keys(), ["b"]);
    },
    LIMIT,
  );

  prove(
    "8. Bounded: purgeExpired removes what has expired, and nothing that lives",
    async ({ store, other }) => {
      for (let count = 0; count < 20; count += 1) await store.create({ userId: `${count % 2}` });
      assert.equal(await other.len(), 20);
      assert.equal(await store.purgeExpired(), 0);
      await pass(6);
      const living = await store.create({ data: { a: 1 }, userId: "0" });
      await pass(6);
      // A store that forgets by itself has none left to purge.
      const expired = (await store.len()) - 1;
      assert.equal(await store.purgeExpired(), expired);
      assert.equal(await other.len(), 1);
      assert.equal(await other.purgeExpired({ sliceMs: 1 }), 0);
      assert.deepEqual(contentOf(present(await other.load(living.id))), { a: 1 });
      assert.equal((await other.listByUser("0")).length, 1);
    },
    { ttl: seconds(10) },
  );

  prove(
    "8. Bounded: purgeExpired in slices removes the same",
    async ({ store, other }) => {
      for (let count = 0; count < 300; count += 1) await store.create({ userId: "42" });
      await pass(12);
      const living = await store.create();
      const expired = (await other.len()) - 1;
      const purge = store.purgeExpired({ sliceMs: 0 });
      assert.ok(purge instanceof Promise);
      assert.equal(await purge, expired);
      assert.equal(await other.len(), 1);
      assert.notEqual(await other.load(living.id), undefined);
    },
    { ttl: seconds(10) },
  );

  prove("8. Bounded: len and isEmpty count what is kept", async ({ store, other }) => {
    assert.deepEqual([await store.len(), await store.isEmpty()], [0, true]);
    const sessions = [
      await store.create(),
      await store.create({ userId: "42" }),
      await store.createWithId("own"),
    ];
    assert.deepEqual([await other.len(), await other.isEmpty()], [3, false]);
    await store.regenerate(present(sessions[0]));
    await store.login(present(sessions[1]), "43");
    assert.equal(await other.len(), 3);
    for (const { id } of sessions) await store.destroy(id);
    assert.deepEqual([await other.len(), await other.isEmpty()], [0, true]);
  });
}
