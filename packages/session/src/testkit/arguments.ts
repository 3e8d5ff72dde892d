// Guarantee 9, of what a store is handed beside data: a mistake is refused, and says what was meant. Nothing that comes from
// a browser is a mistake.
import assert from "node:assert/strict";
import { SessionEndedError } from "../model/errors.ts";
import { assertGone, type Kit, present, refuses } from "./kit.ts";
import { contentOf } from "./no-lost-update.ts";

/** What a program may hand over by mistake where an id is wanted. */
const NO_TEXT: readonly unknown[] = [
  undefined,
  null,
  42,
  Number.NaN,
  true,
  {},
  [],
  ["42"],
  Symbol("42"),
  () => "42",
];

export function callArguments({ prove }: Kit): void {
  prove("9. Typed: what cannot be an id is the id of no session", async ({ store }) => {
    const { id, handle } = await store.create({ userId: "42" });
    for (const junk of [...NO_TEXT, "", "\0", "a b", `${id}\n`, "x".repeat(300), `${handle}.\ud800`]) {
      assert.equal(await store.load(wrong(junk)), undefined);
      assert.equal(await store.destroy(wrong(junk)), false);
      await refuses(() => store.update(wrong(junk), "a", () => 1), SessionEndedError);
      assert.equal(await store.destroyByHandle("42", wrong(junk)), false);
    }
    assert.equal(await store.len(), 1);
  });

  prove("9. Typed: a user id that is no string is refused, not taken for nobody's", async ({ store }) => {
    const session = await store.create({ userId: "42" });
    for (const userId of NO_TEXT.map(wrong)) {
      const calls = [
        () => store.listByUser(userId),
        () => store.destroyByUser(userId),
        () => store.destroyByHandle(userId, session.handle),
        () => store.login(session, userId),
        ...(userId === undefined ? [] : [() => store.create({ userId })]),
      ];
      for (const call of calls)
        await assert.rejects(async () => await call(), /^TypeError: userId must be a string/);
    }
    await assert.rejects(async () => await store.destroyByUser(wrong(42)), /did you mean String\(42\)\?/);
    assert.deepEqual([await store.len(), session.userId], [1, "42"]);
  });

  prove("9. Typed: whom nobody can be has no sessions", async ({ store, other }) => {
    const session = await store.create({ userId: "42" });
    for (const userId of [
      "",
      "\0",
      "42\0",
      "a\nb",
      "\u007f",
      "\ud800",
      "x".repeat(256),
      "x".repeat(100_000),
    ]) {
      assert.deepEqual(await store.listByUser(userId), []);
      assert.equal(await store.destroyByUser(userId), 0);
      assert.equal(await store.destroyByHandle(userId, session.handle), false);
    }
    assert.equal((await other.listByUser("42")).length, 1);
  });

  prove("9. Typed: a misspelt argument is refused, and says what was meant", async ({ store }) => {
    const session = await store.create({ userId: "42", data: { a: 1 } });
    const calls: [() => unknown, RegExp][] = [
      [() => store.create(wrong({ userID: "42" })), /"userID"; did you mean "userId"\?/],
      [() => store.create(wrong({ user: "42" })), /unknown option "user"/],
      [() => store.create(wrong("42")), /the options must be an object, got "42"/],
      [() => store.create({ data: wrong([1]) }), /data must be an object/],
      [() => store.create({ data: wrong("a") }), /data must be an object/],
      [
        () => store.create({ userId: "42", client: wrong({ useragent: "x" }) }),
        /did you mean "client.userAgent"\?/,
      ],
      [() => store.createWithId("own", { client: { ip: wrong(1) } }), /client.ip must be a string, got 1/],
      [() => store.login(session, "42", wrong({ agent: "x" })), /unknown option "agent"/],
      [() => store.login(session, "42", wrong("192.0.2.1")), /the options must be an object/],
      [() => store.login(session, "42", wrong({ ip: "192.0.2.1" })), /did you mean "client.ip"\?/],
      [() => store.login(session, "42", { stamp: "" }), /stamp must be 1 to 255 characters/],
      [() => store.login(session, "42", { ttl: wrong("60") }), /ttl must be a number of seconds/],
      [() => store.login(session, "42", { persistent: wrong(1) }), /persistent must be a boolean/],
      [() => store.renew(session, wrong({ extends: true })), /"extends"; did you mean "extend"\?/],
      [() => store.destroyByUser("42", wrong({ expect: session })), /"expect"; did you mean "except"\?/],
      [
        () => store.destroyByUser("42", { except: wrong(42) }),
        /except must be a session, its handle or its id/,
      ],
      [() => store.destroyByUser("42", wrong(session.handle)), /the options must be an object/],
      [() => store.purgeExpired(wrong({ slice: 5 })), /"slice"; did you mean "sliceMs"\?/],
      [() => store.purgeExpired(wrong({})), /sliceMs is missing/],
      [() => store.purgeExpired({ sliceMs: wrong("5") }), /sliceMs must be a number of milliseconds/],
      [() => store.update(session.id, "a", wrong(2)), /change must be a function, got 2/],
      [() => store.update(session.id, wrong(7), () => 1), /a session key is a string/],
      [() => store.save(wrong({ id: session.id })), /no session of a store/],
      [() => store.touch(wrong(session.id)), /no session of a store/],
      [() => store.regenerate(wrong(undefined)), /no session of a store/],
      [() => store.login(wrong(null), "42"), /no session of a store/],
    ];
    for (const [call, message] of calls) {
      const error = await Promise.resolve()
        .then(call)
        .catch((it: unknown) => it);
      assert.ok(error instanceof TypeError, `${String(call)} gave ${String(error)}`);
      assert.match(error.message, message);
      assert.equal(error.message.includes(session.id), false, "an id is not repeated");
    }
    assert.deepEqual([await store.len(), (await store.listByUser("42")).length], [1, 1]);
    assert.deepEqual(contentOf(present(await store.load(session.id))), { a: 1 });
  });

  prove("9. Typed: a property that is not the session's own cannot be set on it", async (opened) => {
    const session = await opened.store.create();
    assert.throws(() => Object.assign(session, { cart: [] }), TypeError);
    assert.throws(() => Object.assign(session, { userId: "42" }), TypeError);
    assert.equal(await opened.store.destroy(session.id), true);
    await assertGone(opened, session.id);
  });
}

/** An argument of a type that the compiler would not let through. */
function wrong(value: unknown): never {
  return value as never;
}
