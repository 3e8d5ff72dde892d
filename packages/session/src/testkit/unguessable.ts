// Guarantee 1: nobody can guess the id of a session, or take one that is in use.
import assert from "node:assert/strict";
import { SessionIdInUseError } from "../model/errors.ts";
import { type Kit, present, race, refuses } from "./kit.ts";

const MALFORMED = ["", " ", "a b", "a;b", "a,b", 'a"b', "a\nb", "a\0b", "é", "a/b", "a=b", "x".repeat(257)];

export function unguessable({ prove }: Kit): void {
  prove("1. Unguessable: an id holds 256 random bits beside its public name", async ({ store }) => {
    const secrets = new Set<string>();
    const symbols = Array.from({ length: 43 }, () => new Set<string>());
    for (let count = 0; count < 300; count += 1) {
      const { id, handle } = await store.create();
      assert.match(id, /^[A-Za-z0-9._~-]{43,256}$/);
      const secret = id.replace(handle, "").slice(-43);
      assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
      secrets.add(secret);
      for (const [index, symbol] of [...secret].entries()) symbols[index]?.add(symbol);
    }
    assert.equal(secrets.size, 300);
    // Of 64 symbols, 300 draws leave out 0.6 on average; the last one carries four bits, of 16 symbols. A clock or a
    // counter repeats itself in most places.
    for (const seen of symbols.slice(0, -1)) assert.ok(seen.size > 40, `only ${seen.size} symbols`);
    assert.ok(present(symbols.at(-1)).size > 10);
  });

  prove("1. Unguessable: createWithId refuses a malformed id, and stores nothing", async ({ store }) => {
    for (const id of MALFORMED) await refuses(() => store.createWithId(id), TypeError);
    assert.equal(await store.len(), 0);
    for (const id of MALFORMED) assert.equal(await store.load(id), undefined);
  });

  prove("1. Unguessable: createWithId refuses an id that is in use", async ({ store, other }) => {
    const id = "tok-123_456.789~x";
    await store.createWithId(id, { data: { owner: "first" } });
    await refuses(() => store.createWithId(id, { data: { owner: "second" } }), SessionIdInUseError);
    await refuses(() => other.createWithId(id, { data: { owner: "second" } }), SessionIdInUseError);
    assert.equal(present(await other.load(id)).get("owner"), "first");
    assert.equal(await store.len(), 1);
  });

  prove(
    "1. Unguessable: one name, one session: an id of a session's name is in use",
    async ({ store, other }) => {
      const session = await store.create({ data: { owner: "first" }, userId: "42" });
      const forged = `${session.handle}.${"A".repeat(43)}`;
      await refuses(() => store.createWithId(forged, { data: { owner: "second" } }), SessionIdInUseError);
      await refuses(() => other.createWithId(forged, { userId: "42" }), SessionIdInUseError);
      assert.equal(await store.load(forged), undefined);
      assert.deepEqual([await store.len(), (await store.listByUser("42")).length], [1, 1]);
      assert.equal(await store.regenerate(session), true);
      await refuses(() => store.createWithId(forged), SessionIdInUseError);
      assert.equal(present(await other.load(session.id)).get("owner"), "first");
      assert.equal(await store.destroyByHandle("42", session.handle), true);
      // Free again, and a session like any other.
      const moved = await store.createWithId(forged, { data: { owner: "third" } });
      assert.equal(moved.handle, session.handle);
      assert.equal(present(await other.load(forged)).get("owner"), "third");
    },
  );

  prove("1. Unguessable: of two that create one id at once, one is refused", async ({ store, other }) => {
    for (let round = 0; round < 50; round += 1) {
      const id = `custom-${round}`;
      const attempts = await race(
        round,
        () => attempt(() => store.createWithId(id, { data: { owner: "store" } })),
        () => attempt(() => other.createWithId(id, { data: { owner: "other" } })),
      );
      const [winner, ...more] = ["store", "other"].filter((_, index) => attempts[index]);
      assert.deepEqual(more, []);
      assert.equal(present(await store.load(id)).get("owner"), winner);
    }
  });

  prove(
    "1. Unguessable: an id can be created again once its session is destroyed",
    async ({ store, other }) => {
      await store.createWithId("again", { data: { a: 1 } });
      assert.equal(await other.destroy("again"), true);
      await store.createWithId("again");
      assert.equal(present(await other.load("again")).contains("a"), false);
    },
  );

  prove("1. Unguessable: an id stays in use when its session is regenerated", async ({ store, other }) => {
    const session = await store.createWithId("kept");
    assert.equal(await store.regenerate(session), true);
    await refuses(() => other.createWithId("kept"), SessionIdInUseError);
    assert.equal(await store.destroy(session.id), true);
    await store.createWithId("kept");
  });
}

/** Whether it succeeded; only "in use" may be the reason when not. */
async function attempt(call: () => unknown): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (error instanceof SessionIdInUseError) return false;
    throw error;
  }
}
