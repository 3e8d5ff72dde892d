import * as fc from "fast-check";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { SessionEndedError, SessionSchemaError, SessionStoreFullError } from "../model/errors.ts";
import { SessionStore } from "./memory-store.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

function pass(seconds: number): void {
  vi.advanceTimersByTime(seconds * 1000);
}

describe("SessionStore, as in the original", () => {
  test("a session is created, filled, saved, loaded and destroyed", () => {
    const store = new SessionStore(3600);
    const session = store.create();
    session.set("user_id", "42");
    session.set("role", "admin");
    expect(store.load(session.id)?.get("user_id")).toBe(undefined);
    expect(store.save(session)).toBe(true);
    expect(store.load(session.id)?.get("user_id")).toBe("42");
    session.remove("role");
    expect(store.load(session.id)?.contains("role")).toBe(true);
    store.save(session);
    expect(store.load(session.id)?.contains("role")).toBe(false);
    store.destroy(session.id);
    expect(store.load(session.id)).toBe(undefined);
  });

  test("an expired session is invisible, but counted until it is purged", () => {
    const store = new SessionStore(60);
    const { id } = store.create();
    pass(59.999);
    expect(store.load(id)?.id).toBe(id);
    pass(0.001);
    expect([store.load(id), store.len(), store.isEmpty()]).toEqual([undefined, 1, false]);
    expect(store.purgeExpired()).toBe(1);
    expect([store.len(), store.isEmpty()]).toEqual([0, true]);
  });

  test("an option that is wrong is named", () => {
    expect(() => new SessionStore(-1)).toThrow(/^SessionStore: ttl/);
    expect(() => new SessionStore({ ttl: 1, maxSessions: 0 })).toThrow(
      /^SessionStore: maxSessions .* got 0$/,
    );
    expect(() => new SessionStore({ ttl: 1, maxSessions: 1.5 })).toThrow(RangeError);
  });
});

describe("a full SessionStore", () => {
  test("drops expired sessions first", () => {
    const store = new SessionStore({ ttl: 60, maxSessions: 3 });
    const user = store.create({ userId: "42" });
    pass(30);
    const old = store.create();
    const young = store.create();
    pass(30);
    const added = store.create();
    expect(store.load(user.id)).toBe(undefined);
    for (const { id } of [old, young, added]) expect(store.load(id)?.id).toBe(id);
    expect(store.listByUser("42")).toEqual([]);
  });

  test("then drops the session without a user that was not seen for longest", () => {
    const store = new SessionStore({ ttl: 3600, maxSessions: 4 });
    const user = store.create({ userId: "42" });
    const [a, b, c] = [store.create(), store.create(), store.create()];
    store.load(a.id);
    store.login(b, "43");
    store.touch(c);
    store.load(a.id);
    store.create();
    expect([user, a, b, c].map(({ id }) => store.load(id) !== undefined)).toEqual([true, true, true, false]);
    expect(store.len()).toBe(4);
  });

  test("drops no user: create is refused with 503 instead, until there is room", () => {
    const store = new SessionStore({ ttl: 3600, maxSessions: 2 });
    const one = store.create({ userId: "42" });
    store.create({ userId: "42" });
    expect(() => store.create()).toThrow(SessionStoreFullError);
    expect(() => store.createWithId("own")).toThrow(expect.objectContaining({ statusCode: 503 }));
    expect(store.len()).toBe(2);
    store.destroy(one.id);
    expect(store.create().userId).toBe(undefined);
  });

  test("finds an expired user behind any number that were used since", () => {
    const store = new SessionStore({ ttl: 3600, idle: 60, maxSessions: 500 });
    const users = Array.from({ length: 500 }, (_, index) => store.create({ userId: `${index % 50}` }));
    pass(50);
    for (const { id } of users.slice(0, 499)) store.load(id);
    pass(20);
    expect(store.create().userId).toBe(undefined);
    expect(store.load(users[499]!.id)).toBe(undefined);
    expect(() => store.create({ userId: "new" })).not.toThrow();
    expect(() => store.create()).toThrow(SessionStoreFullError);
  });

  test("stays flat: half a million sessions against a cap of ten thousand", { timeout: 60_000 }, () => {
    // A clock that is set is also slow.
    vi.useRealTimers();
    const store = new SessionStore({ ttl: 3600, maxSessions: 10_000 });
    const fill = (count: number): void => {
      for (let made = 0; made < count; made += 1) store.create();
    };
    fill(100_000);
    const before = heapUsed();
    fill(400_000);
    expect(store.len()).toBe(10_000);
    // Ten thousand sessions are about five megabytes; had half a million stayed, it would be two hundred.
    expect(heapUsed() - before).toBeLessThan(10_000_000);
  });
});

/** Bytes, after a collection. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
  return process.memoryUsage().heapUsed;
}

describe("purge", () => {
  test("in slices it lets other work have its turn", async () => {
    const store = new SessionStore(60);
    for (let count = 0; count < 1000; count += 1) store.create();
    pass(60);
    const purge = store.purgeExpired({ sliceMs: 0 });
    // At a slice each, of a hundred.
    expect(store.len()).toBe(900);
    const { id } = store.create();
    const turns: number[] = [];
    while (store.len() > 1) {
      await setImmediate();
      turns.push(store.len());
    }
    expect(turns).toEqual([801, 701, 601, 501, 401, 301, 201, 101, 1]);
    expect(await purge).toBe(1000);
    expect(store.load(id)?.id).toBe(id);
  });

  test("it puts off what was used since, and looks at nothing else", () => {
    const store = new SessionStore({ ttl: 3600, idle: 60 });
    const { id } = store.create();
    const idler = store.create();
    pass(50);
    store.load(id);
    pass(10);
    expect(store.purgeExpired()).toBe(1);
    expect(store.load(idler.id)).toBe(undefined);
    pass(49);
    expect(store.purgeExpired()).toBe(0);
    pass(1);
    expect(store.purgeExpired()).toBe(1);
    expect(store.isEmpty()).toBe(true);
  });
});

describe("a SessionStore among others", () => {
  test("a change may end the session it is called for, or write to it", () => {
    const store = new SessionStore(3600);
    const { id } = store.create();
    expect(() => store.update(id, "a", () => void store.destroy(id))).toThrow(SessionEndedError);
    expect(() => store.update(id, "a", () => "late")).toThrow(SessionEndedError);
    expect(store.len()).toBe(0);
    const other = store.create({ data: { b: "1" } });
    store.update(other.id, "a", () => {
      store.update(other.id, "b", (b) => `${b}0`);
      return "2";
    });
    const now = store.load(other.id);
    expect([now?.get("a"), now?.get("b")]).toEqual(["2", "10"]);
  });

  test("whatever is done, it answers like a map with clocks", () => {
    const command = fc.record({
      kind: fc.constantFrom(
        "create",
        "load",
        "save",
        "destroy",
        "login",
        "regenerate",
        "pass",
        "purge",
        "destroyByUser",
      ),
      pick: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const store = new SessionStore({ ttl: 100, idle: 40 });
        const model = new Map<string, { value: string; user: string; end: number; seen: number }>();
        const ids: string[] = [];
        const live = (id: string) => {
          const found = model.get(id);
          return found !== undefined && Date.now() < Math.min(found.end, found.seen + 40_000)
            ? found
            : undefined;
        };
        for (const [step, { kind, pick }] of commands.entries()) {
          const id = ids[ids.length - 1 - pick] ?? "unknown";
          const user = `${pick % 2}`;
          if (kind === "pass") pass(pick * 7);
          else if (kind === "purge") store.purgeExpired();
          else if (kind === "create") {
            const { id: made } = store.create({ data: { value: "" } });
            ids.push(made);
            model.set(made, { value: "", user: "", end: Date.now() + 100_000, seen: Date.now() });
          } else if (kind === "destroy") {
            agree(store.destroy(id), live(id) !== undefined);
            model.delete(id);
          } else if (kind === "destroyByUser") {
            const own = [...model.keys()].filter((key) => live(key)?.user === user);
            agree(store.destroyByUser(user), own.length);
            for (const key of own) model.delete(key);
          } else {
            const expected = live(id);
            const session = store.load(id);
            agree(session?.get("value"), expected?.value);
            if (session === undefined || expected === undefined) continue;
            expected.seen = Date.now();
            agree(session.userId ?? "", expected.user);
            if (kind === "save") session.set("value", (expected.value = `${step}`));
            if (kind === "save") agree(store.save(session), true);
            if (kind === "regenerate") agree(store.regenerate(session), true);
            if (kind === "login") {
              agree(store.login(session, user), true);
              Object.assign(expected, { user, end: Date.now() + 100_000 });
            }
            if (session.id !== id) {
              model.delete(id);
              model.set(session.id, expected);
              ids.push(session.id);
            }
          }
          const listed = ["0", "1"].map((name) => store.listByUser(name).length);
          const owned = ["0", "1"].map(
            (name) => [...model.keys()].filter((key) => live(key)?.user === name).length,
          );
          agree(listed, owned);
        }
        store.purgeExpired();
        expect(store.len()).toBe([...model.keys()].filter((key) => live(key)).length);
      }),
    );
  });

  test("a schema of zod types and checks what is loaded", () => {
    const schema = z.object({ cart: z.array(z.string()).default([]), visits: z.number().optional() });
    const store = new SessionStore({ ttl: 3600, schema });
    const session = store.create();
    const cart: readonly string[] | undefined = store.load(session.id)?.get("cart");
    expect(cart).toEqual([]);
    session.set("visits", "many" as never);
    expect(() => store.save(session)).toThrow(SessionSchemaError);
    expect(() => store.save(session)).toThrow(/does not fit the schema of its store: .*expected number/);
    expect(store.load(session.id)?.get("cart")).toEqual([]);
    const waiting = new SessionStore({
      ttl: 3600,
      schema: z.object({ a: z.string().refine(async () => Promise.resolve(true)) }),
    });
    expect(() => waiting.create({ data: { a: "b" } })).toThrow(/validates with a promise/);
  });
});

function agree(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}
