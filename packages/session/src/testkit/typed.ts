// Guarantee 9: what is set is what is loaded, for every JSON value under every key; a schema checks it when it is loaded.
import type { StandardSchema } from "@hatcheck/core";
import assert from "node:assert/strict";
import { SessionEndedError, SessionSchemaError } from "../model/errors.ts";
import { eventsOf, type Kit, present, refuses } from "./kit.ts";
import { changesOf } from "../model/session.ts";
import { contentOf } from "./no-lost-update.ts";
import { KEYS, NOT_JSON, randomJson, VALUES } from "./json-values.ts";

type Numbers = Record<string, unknown>;

export function typed({ prove, hooks }: Kit): void {
  prove("9. Typed: every JSON value comes back unchanged", async ({ store, other }) => {
    const session = await store.create();
    for (const [index, value] of VALUES.entries()) session.set(`k${index}`, value);
    assert.equal(await store.save(session), true);
    const { id } = await other.create({ data: contentOf(session) });
    for (const now of [present(await other.load(session.id)), present(await store.load(id))]) {
      for (const [index, value] of VALUES.entries()) assert.deepEqual(now.get(`k${index}`), value);
      assert.equal(now.keys().length, VALUES.length);
    }
    for (const value of VALUES) {
      assert.deepEqual(await store.update(session.id, "updated", () => value), value);
      assert.deepEqual(present(await other.load(session.id)).get("updated"), value);
    }
  });

  prove(
    "9. Typed: what JSON would change is refused, wherever it is handed over",
    async ({ store, other }) => {
      const session = await store.create({ data: { a: "kept" } });
      for (const value of NOT_JSON) {
        for (const deep of value === undefined ? [[value]] : [value, [value], { b: { c: value } }]) {
          assert.throws(() => session.set("a", deep), /^TypeError: Session key "a": /);
          await refuses(() => store.create({ data: { a: deep } }), TypeError);
          await refuses(() => store.update(session.id, "a", () => deep), TypeError);
        }
      }
      assert.equal(changesOf(session).size, 0);
      assert.deepEqual(contentOf(present(await other.load(session.id))), { a: "kept" });
      assert.equal(await store.len(), 1);
    },
  );

  prove("9. Typed: every key is only a key", async ({ store, other }) => {
    const session = await store.create();
    for (const [index, key] of KEYS.entries()) session.set(key, index);
    assert.equal(await store.save(session), true);
    const now = present(await other.load(session.id));
    assert.deepEqual(now.keys().toSorted(), KEYS.toSorted());
    for (const [index, key] of KEYS.entries()) {
      assert.equal(now.contains(key), true);
      assert.equal(now.get(key), index);
      assert.deepEqual(await store.update(session.id, key, (value) => [value]), [index]);
    }
    for (const key of KEYS) now.remove(key);
    assert.equal(await other.save(now), true);
    const emptied = present(await store.load(session.id));
    assert.deepEqual(emptied.keys(), []);
    for (const key of [...KEYS, "a"])
      assert.deepEqual([emptied.get(key), emptied.contains(key)], [undefined, false]);
  });

  prove("9. Typed: random JSON comes back unchanged", async ({ store, other }) => {
    const random = randomJson(1);
    for (let round = 0; round < 100; round += 1) {
      const data = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`${index}`, random()]));
      const { id } = await store.create({ data });
      const session = present(await other.load(id));
      assert.deepEqual(contentOf(session), data);
      const changes = { "1": random(), added: random() };
      session.remove("0");
      for (const [key, value] of Object.entries(changes)) session.set(key, value);
      assert.equal(await other.save(session), true);
      const { "0": _removed, ...kept } = data;
      assert.deepEqual(contentOf(present(await store.load(id))), { ...kept, ...changes });
    }
  });

  prove(
    "9. Typed: no change of an object that was set or got is lost without a word",
    async ({ store, other }) => {
      const list = [1];
      const session = await store.create({ data: { list, nested: { list } } });
      list.push(2);
      for (const holder of [
        session,
        present(await store.load(session.id)),
        present(await other.load(session.id)),
      ]) {
        assert.throws(() => (holder.get("list") as number[]).push(3), TypeError);
        assert.throws(() => (holder.get("nested") as { list: number[] }).list.push(3), TypeError);
        assert.deepEqual(holder.get("list"), [1]);
      }
      // What `update` hands over is there to be changed, and what it gave is stored as it was then.
      const updated = await store.update(session.id, "list", (before) => {
        (before as number[]).push(4);
        return before;
      });
      assert.deepEqual(
        [updated, present(await other.load(session.id)).get("list")],
        [
          [1, 4],
          [1, 4],
        ],
      );
    },
  );

  prove(
    "9. Typed: what does not fit the schema is not stored, so that it locks nobody out",
    async ({ store, other }) => {
      const session = await store.create({ data: { n: 1 } });
      const { id, handle } = session;
      session.set("n", "one");
      const attempts = [
        () => store.save(session),
        () => store.regenerate(session),
        () => store.renew(session),
        () => store.login(session, "42"),
        () => store.update(id, "n", () => "one"),
      ];
      for (const attempt of attempts) {
        const events = await eventsOf("refused", () => refuses(attempt, SessionSchemaError));
        assert.deepEqual(events, [{ handle, reason: "schema" }], String(attempt));
      }
      await refuses(() => store.create({ data: { n: "one" } }), SessionSchemaError);
      assert.deepEqual([session.id, session.get("n"), await store.len()], [id, "one", 1]);
      assert.equal(present(await other.load(id)).get("n"), 1);
      session.set("n", 2);
      assert.equal(await store.save(session), true);
      assert.equal(present(await other.load(id)).get("n"), 2);
    },
    { schema: numbers(false) },
  );

  // As after a deployment with another schema.
  let areTextsAllowed = true;
  prove(
    "9. Typed: a session that does not fit the schema any more is none, and says so",
    async ({ store, other }) => {
      areTextsAllowed = true;
      const session = await store.create({ data: { n: "one" } });
      assert.equal(present(await other.load(session.id)).get("n"), "one");
      areTextsAllowed = false;
      const events = await eventsOf("refused", async () => {
        assert.equal(await other.load(session.id), undefined);
      });
      assert.deepEqual(events, [{ handle: session.handle, reason: "schema" }]);
      session.set("n", 2);
      assert.equal(await store.save(session), true);
      assert.equal(present(await other.load(session.id)).get("n"), 2);
    },
    { schema: numbers(false, () => areTextsAllowed) },
  );

  prove(
    "9. Typed: a schema may supply what is missing; it stays after a save, and only what is set is saved",
    async ({ store, other }) => {
      const { id } = await store.create();
      const session = present(await other.load(id));
      assert.equal(session.get("visits"), 0);
      session.set("n", 1);
      assert.equal(await other.save(session), true);
      assert.deepEqual(contentOf(session), { n: 1, visits: 0 });
      assert.equal(await other.regenerate(session), true);
      assert.deepEqual(contentOf(session), { n: 1, visits: 0 });
      assert.deepEqual(contentOf(present(await store.load(session.id))), { n: 1, visits: 0 });
    },
    { schema: numbers(false) },
  );

  prove(
    "9. Typed: a schema may wait where the store does",
    async ({ store }) => {
      const create = async (): Promise<unknown> => {
        const { id } = await store.create({ data: { n: 1 } });
        return (await store.load(id))?.get("n");
      };
      if (store.mode === "sync") await assert.rejects(create, TypeError);
      else assert.equal(await create(), 1);
    },
    { schema: numbers(true) },
  );

  const { damage } = hooks;
  if (damage !== undefined) {
    prove("9. Typed: what cannot be read is no session, and says so", async (opened) => {
      const { store, other } = opened;
      for (const text of DAMAGED) {
        const { id, handle } = await store.create({ data: { a: { b: 1 }, c: "d" } });
        await damage(opened, handle, text);
        const events = await eventsOf("refused", async () => {
          assert.equal(await other.load(id), undefined, text);
          await refuses(() => store.update(id, "a", () => 1), SessionEndedError);
        });
        const refusal = { handle, reason: "corrupt" };
        assert.deepEqual(events, [refusal, refusal], text);
        assert.equal(await store.destroy(id), true);
      }
      assert.notEqual(await store.load((await store.create()).id), undefined);
    });
  }
}

/** What is no JSON, or none that a session can hold. */
const DAMAGED = [
  '"',
  '{"b":',
  '{"b":1',
  '{"b":1}}',
  "[1,",
  "[1,]",
  "{b:1}",
  '"a',
  "nul",
  "1e999",
  "[1e999]",
  "NaN",
  "-",
];

/** A schema of numbers, with a default, as any library would make one. */
function numbers(waits: boolean, areTextsAllowed = (): boolean => false): StandardSchema<Numbers> {
  const fits = (value: unknown): boolean =>
    typeof value === "number" || (typeof value === "string" && areTextsAllowed());
  const validate = (value: unknown) =>
    Object.values(value as object).every(fits)
      ? { value: { visits: 0, ...(value as Numbers) } }
      : { issues: [{ message: "not a number" }] };
  return {
    "~standard": {
      version: 1,
      vendor: "hatcheck",
      validate: (value) => (waits ? Promise.resolve(validate(value)) : validate(value)),
    },
  };
}
