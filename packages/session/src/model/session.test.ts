import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { generateId, recordIdOf } from "./session-id.ts";
import {
  acceptState,
  apply,
  changesOf,
  isLarger,
  JsonText,
  Session,
  type SessionRecord,
  sizeOf,
  stateOf,
  toStored,
  writeInTurn,
} from "./session.ts";

function record(changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: generateId(),
    createdAt: 1,
    lastSeenAt: 2,
    expiresAt: 3,
    renewedAt: 1,
    login: undefined,
    device: undefined,
    entries: [],
    isRetired: false,
    now: () => Date.now(),
    ...changes,
  };
}

function loginAt(authenticatedAt: number): NonNullable<SessionRecord["login"]> {
  const options = { ttlMs: undefined, persistent: undefined, stamp: undefined, actor: undefined };
  return { userId: "42", authenticatedAt, ...options };
}

afterEach(() => void vi.useRealTimers());

describe("Session", () => {
  test("get, set, remove, contains and keys see changes at once", () => {
    const session = new Session(record({ entries: ["a", "1"] }));
    session.set("b", "2");
    expect([session.get("a"), session.get("b"), session.keys()]).toEqual(["1", "2", ["a", "b"]]);
    session.remove("a");
    session.remove("never there");
    expect([session.get("a"), session.contains("a"), session.contains("b"), session.keys()]).toEqual([
      undefined,
      false,
      true,
      ["b"],
    ]);
    session.set("a", "3");
    expect(session.get("a")).toBe("3");
  });

  test("take reads once", () => {
    const session = new Session(record({ entries: ["notice", "Saved."] }));
    expect(session.take("notice")).toBe("Saved.");
    expect(session.take("notice")).toBe(undefined);
    expect([...changesOf(session)]).toEqual([["notice", undefined]]);
    expect(changesOf(new Session(record())).size).toBe(0);
  });

  test("what was set is a copy, what was got is frozen at every depth, and what was taken is one's own", () => {
    const session = new Session<{ cart: { items: string[]; total: { eur: number } } }>(record());
    const cart = { items: ["tea"], total: { eur: 3 } };
    session.set("cart", cart);
    cart.items.push("sugar");
    const got = session.get("cart") as unknown as typeof cart;
    expect(() => got.items.push("milk")).toThrow(TypeError);
    expect(() => Object.assign(got.total, { eur: 0 })).toThrow(TypeError);
    expect(() => delete (got as Partial<typeof cart>).total).toThrow(TypeError);
    expect(session.get("cart")).toEqual({ items: ["tea"], total: { eur: 3 } });
    const taken = session.take("cart");
    expect(taken?.items.push("milk")).toBe(2);
    expect(session.get("cart")).toBe(undefined);
  });

  test("a value of any depth can be read", () => {
    const deep = new Session<Record<string, unknown>>(
      record({ entries: ["a", new JsonText(`${"[".repeat(30_000)}${"]".repeat(30_000)}`)] }),
    );
    expect(Object.isFrozen(deep.get("a"))).toBe(true);
  });

  test("a property that is not the session's own cannot be set on it", () => {
    const session = new Session(record());
    expect(() => Object.assign(session, { cart: ["tea"] })).toThrow(TypeError);
  });

  test("what is no JSON is refused when it is set, and changes nothing", () => {
    const session = new Session<Record<string, unknown>>(record({ entries: ["a", 1] }));
    for (const value of [undefined, Number.NaN, new Date(), () => 1]) {
      expect(() => session.set("a", value)).toThrow(TypeError);
    }
    expect(() => session.set(1 as never, 1)).toThrow(/A session key is a string, not number/);
    expect([session.get("a"), changesOf(session).size]).toEqual([1, 0]);
  });

  test("-0 is 0, as in JSON", () => {
    expect(toStored("k", -0)).toBe(0);
  });

  test("names of Object.prototype are no keys until they are set", () => {
    const session = new Session(record());
    expect([session.get("constructor"), session.contains("__proto__")]).toEqual([undefined, false]);
    session.set("__proto__", "x");
    expect([session.get("__proto__"), session.keys()]).toEqual(["x", ["__proto__"]]);
  });

  test("the handle is that of the record, and neither JSON nor inspection shows the id", () => {
    const session = new Session(record());
    expect(session.handle).toBe(recordIdOf(session.id));
    expect(JSON.stringify(session)).not.toContain(session.id);
    const shown = vi.fn<(text: string) => void>();
    shown(String(session));
    expect(shown.mock.lastCall?.[0]).not.toContain(session.id);
  });

  test("authenticatedWithin counts from the login", () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 100_000 });
    const session = new Session(record({ login: loginAt(100_000) }));
    expect(session.authenticatedWithin(60)).toBe(true);
    vi.setSystemTime(159_999);
    expect(session.authenticatedWithin(60)).toBe(true);
    vi.setSystemTime(160_000);
    expect(session.authenticatedWithin(60)).toBe(false);
    expect(new Session(record()).authenticatedWithin(Infinity)).toBe(false);
  });

  test("after a write there are no changes, and the data is what it was", () => {
    const session = new Session(record({ entries: ["a", "1"] }));
    session.set("b", "2");
    acceptState(session, { ...stateOf(session), id: "new" });
    expect([session.id, changesOf(session).size, session.get("a"), session.get("b")]).toEqual([
      "new",
      0,
      "1",
      "2",
    ]);
  });

  test("what is changed while a write is under way is for the next, and writes of one session take turns", async () => {
    const session = new Session(record());
    const written: [string, unknown][][] = [];
    const write = (id: string) =>
      writeInTurn(session, async (changes) => {
        written.push([...changes]);
        await Promise.resolve();
        acceptState(session, { ...stateOf(session), id });
      });
    session.set("a", "1");
    const first = write("one");
    session.set("b", "2");
    expect([session.get("a"), session.get("b"), session.keys()]).toEqual(["1", "2", ["a", "b"]]);
    const second = write("two");
    session.set("a", "3");
    await Promise.all([first, second]);
    expect(written.map((changes) => Object.fromEntries(changes))).toEqual([{ a: "1" }, { a: "3", b: "2" }]);
    expect([session.id, session.get("a"), session.get("b")]).toEqual(["two", "3", "2"]);
    expect(changesOf(session).size).toBe(0);
  });

  test("a write that fails gives its changes back, under those that came after", async () => {
    const session = new Session(record());
    session.set("a", "1");
    session.set("b", "1");
    const failing = writeInTurn(session, () => Promise.reject(new Error("no")));
    session.set("b", "2");
    await expect(failing).rejects.toThrow("no");
    expect([...changesOf(session)]).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
  });
});

const key = fc.constantFrom("a", "b", "c", "__proto__");

describe("entries", () => {
  test("changes applied are as those of a map, and the entries before stay as they were", () => {
    const changes = fc.array(fc.tuple(key, fc.option(fc.integer(), { nil: undefined })));
    fc.assert(
      fc.property(changes, changes, (first, second) => {
        const before = apply([], new Map(first));
        const copy = [...before];
        const after = apply(before, new Map(second));
        const model = new Map([...first, ...second].map(([name, value]) => [name, value]));
        const expected = [...model].filter(([, value]) => value !== undefined);
        const pairs = Array.from({ length: after.length / 2 }, (_, index) =>
          after.slice(2 * index, 2 * index + 2),
        );
        expect(new Map(pairs as [string, number][])).toEqual(new Map(expected as [string, number][]));
        expect(before).toEqual(copy);
      }),
    );
  });

  test("isLarger agrees with the exact size at every limit", () => {
    const text = fc.string({ unit: "binary", maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, fc.jsonValue({ stringUnit: "binary" }))),
        fc.integer(),
        (pairs, offset) => {
          const entries = pairs.flatMap(([name, value]) => [name, toStored(name, value)]);
          const size = sizeOf(entries);
          const bytes = pairs.map(
            ([name, value]) => Buffer.byteLength(JSON.stringify(name) + JSON.stringify(value)) - 2,
          );
          expect(size).toBe(bytes.reduce((sum, length) => sum + length, 0));
          expect(isLarger(entries, size)).toBe(false);
          expect(isLarger(entries, size - 1)).toBe(true);
          expect(isLarger(entries, offset)).toBe(size > offset);
        },
      ),
    );
  });
});
