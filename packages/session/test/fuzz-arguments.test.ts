// Whatever is handed to a store: it is done, or refused with an error of ours that says why, and the store is as it was. The
// same on memory and SQLite, which must agree on which of the two.
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SessionStore } from "../src/index.ts";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";
import type { AnyData } from "../src/testkit/conformance.ts";
import type { Store } from "../src/model/store.ts";

type SyncStore = Store<AnyData, "sync">;

const OURS = /^(TypeError|RangeError|Session(Ended|IdInUse|TooLarge|StoreFull)Error)$/;

/** What became of a call: "done", or the name of its error. */
function outcomeOf(call: () => unknown): string {
  try {
    const result = call();
    if (!(result instanceof Promise)) return "done";
    result.catch(() => undefined);
    return "promised";
  } catch (error) {
    const { name, message } = error as Error;
    return OURS.test(name) && message !== "" ? name : `not ours: ${name} ${message}`;
  }
}

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withBoxedValues: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
  withObjectString: true,
});
/** Often what is nearly right. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom("42", "__proto__", "", "\0"),
);
const argument = fc.oneof(anything, text);
const options = fc.oneof(
  argument,
  fc.dictionary(
    fc.constantFrom("data", "userId", "client", "userID", "ttl", "stamp", "except", "sliceMs"),
    argument,
  ),
);

describe("whatever is handed to a store", () => {
  let memory: SyncStore;
  let sqlite: SqliteSessionStore<AnyData>;
  beforeAll(() => {
    memory = new SessionStore<AnyData>({ ttl: 3600, maxBytes: 500 });
    sqlite = new SqliteSessionStore<AnyData>(":memory:", { ttl: 3600, maxBytes: 500 });
  });
  afterAll(() => sqlite.close());

  /** The outcomes on both stores, with what is wrong about them. */
  function problemsOf(calls: readonly ((store: SyncStore, id: string) => unknown)[]): string[] {
    return calls.flatMap((call) => {
      const problems: string[] = [];
      const outcomes = [memory, sqlite].map((store) => {
        const { id } = store.create({ data: { kept: "as it was" }, userId: "owner" });
        const outcome = outcomeOf(() => call(store, id));
        if (store.load(id)?.get("kept") !== "as it was")
          problems.push(`${String(call)}: another session is changed`);
        store.destroyByUser("owner");
        return outcome;
      });
      if (outcomes[0] !== outcomes[1]) problems.push(`${String(call)}: ${outcomes.join(", but ")}`);
      return [...problems, ...outcomes.filter((outcome) => outcome.startsWith("not ours"))];
    });
  }

  test("as an id, a user id or a handle", () => {
    fc.assert(
      fc.property(argument, argument, (one, other) => {
        const [a, b] = [one, other] as [string, string];
        const problems = problemsOf([
          (store) => store.load(a),
          (store) => store.destroy(a),
          (store) => store.update(a, "key", () => 1),
          (store) => store.wasReplaced(a),
          (store) => store.listByUser(a),
          (store) => store.destroyByHandle(a, b),
          (store) => store.destroy(store.createWithId(a).id),
          (store) => store.save(one as never),
        ]);
        expect(problems).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("as options", () => {
    fc.assert(
      fc.property(options, (given) => {
        const problems = problemsOf([
          (store) => store.create(given as never),
          (store) => store.destroyByUser("nobody", given as never),
          (store) => store.purgeExpired(given as never),
          (store) => store.count(given as never),
          (store) => store.login(store.create(), "43", given as never),
          (store) => store.renew(store.create(), given as never),
        ]);
        expect(problems).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("as a value: it comes back as it is, or is refused", () => {
    /** What is stored of a value, as JSON text; or the name of the error. */
    const storedOf = (store: SyncStore, key: string, value: unknown): string => {
      const session = store.create();
      const outcome = outcomeOf(() => {
        session.set(key, value);
        return store.save(session);
      });
      const loaded = store.load(session.id);
      store.destroy(session);
      return outcome === "done"
        ? JSON.stringify(loaded?.get(key))
        : `${outcome} ${String(loaded?.contains(key))}`;
    };
    const refusals = ["TypeError false", "SessionTooLargeError false"];
    fc.assert(
      fc.property(text, anything, (key, value) => {
        const stored = storedOf(memory, key, value);
        expect(storedOf(sqlite, key, value)).toBe(stored);
        if (!refusals.includes(stored)) assert.equal(stored, JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });

  test("as the options of the store itself", () => {
    const names = fc.constantFrom(
      "ttl",
      "idle",
      "grace",
      "maxBytes",
      "maxSessions",
      "maxTotalBytes",
      "schema",
      "tll",
    );
    fc.assert(
      fc.property(fc.oneof(argument, fc.dictionary(names, fc.oneof(argument, fc.nat()))), (given) => {
        const outcomes = [
          outcomeOf(() => new SessionStore(given as never)),
          outcomeOf(() => new SqliteSessionStore(":memory:", given as never).close()),
        ];
        expect(outcomes.filter((outcome) => outcome.startsWith("not ours"))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
