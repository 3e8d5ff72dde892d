// Every option of every store and of the layer: what is misspelt or of another type is refused at once, and says what was meant.
import { Redis } from "ioredis";
import { Pool } from "pg";
import { describe, expect, test } from "vitest";
import { RequestSession, type SessionLayerOptions, sessionLayer, SessionStore } from "../src/index.ts";
import { PostgresSessionStore } from "../src/postgres/postgres-store.ts";
import { RedisSessionStore } from "../src/redis/redis-store.ts";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";
import { SessionPlan } from "../src/layer/session-plan.ts";

const redis = new Redis({ lazyConnect: true });
const pool = new Pool();

/** How each store is made, with whatever options. */
const STORES: Record<string, (options: never) => unknown> = {
  SessionStore: (options) => new SessionStore(options),
  SqliteSessionStore: (options) => new SqliteSessionStore(":memory:", options),
  RedisSessionStore: (options) => new RedisSessionStore(redis, options),
  PostgresSessionStore: (options) => new PostgresSessionStore(pool, options),
};

/** What the TypeError or RangeError says that a call throws. */
function problemOf(call: () => unknown): string {
  try {
    call();
    return "no error";
  } catch (error) {
    return error instanceof TypeError || error instanceof RangeError
      ? error.message
      : `not this: ${String(error)}`;
  }
}

describe.for(Object.entries(STORES))("%s", ([name, make]) => {
  test.for<[unknown, string]>([
    [undefined, "give it the seconds that a session lives, as 3600 or { ttl: 3600 }, got undefined"],
    ["3600", 'give it the seconds that a session lives, as 3600 or { ttl: 3600 }, got "3600"'],
    [{ ttl: 3600, idel: 5 }, 'unknown option "idel"; did you mean "idle"?'],
    [{ ttl: 3600, TTL: 5 }, 'unknown option "TTL"; did you mean "ttl"?'],
    [{ ttl: "1h" }, 'ttl must be a number of seconds from 0 to 100 years, got "1h"'],
    [{ ttl: 3600, idle: null }, "idle must be a number of seconds from 0 to 100 years, got null"],
    [{ ttl: 3600, maxBytes: "64kb" }, 'maxBytes must be a whole number of bytes above 0, got "64kb"'],
    [{ ttl: 3600, schema: () => true }, "schema must be a Standard Schema, such as a zod schema"],
  ])("refuses %j", ([options, message]) => {
    expect(problemOf(() => make(options as never))).toBe(`${name}: ${message}`);
  });

  const own: Record<string, [object, string][]> = {
    SessionStore: [
      [{ maxSession: 5 }, 'unknown option "maxSession"; did you mean "maxSessions"?'],
      [{ maxSessions: 0 }, "maxSessions must be a whole number above 0, got 0"],
      [{ maxSessions: 1.5 }, "maxSessions must be a whole number above 0, got 1.5"],
      [{ maxSessions: "10" }, 'maxSessions must be a whole number above 0, got "10"'],
    ],
    SqliteSessionStore: [
      [{ timeout: 5 }, 'unknown option "timeout"; did you mean "timeoutMs"?'],
      [{ timeoutMs: -1 }, "timeoutMs must be a number of milliseconds from 0 to 24 days, got -1"],
      [{ timeoutMs: "5" }, 'timeoutMs must be a number of milliseconds from 0 to 24 days, got "5"'],
    ],
    RedisSessionStore: [
      [{ keyPrefix: "a" }, 'unknown option "keyPrefix"; did you mean "prefix"?'],
      [{ prefix: 7 }, "prefix must be a string, got 7"],
      [{ timeoutMs: 0 }, "timeoutMs must be a number of milliseconds from 1 to 24 days, got 0"],
    ],
    PostgresSessionStore: [
      [{ tabel: "a" }, 'unknown option "tabel"; did you mean "table"?'],
      [{ table: null }, "table must be a string, got null"],
      [{ timeoutMs: Number.NaN }, "timeoutMs must be a number of milliseconds from 1 to 24 days, got NaN"],
    ],
  };
  test.for(own[name] ?? [])("refuses %j", ([options, message]) => {
    expect(problemOf(() => make({ ttl: 3600, ...options } as never))).toBe(`${name}: ${message}`);
  });
});

test.for([undefined, null, "redis://localhost", 6379, {}])("%j is no client of a Redis", (client) => {
  expect(() => new RedisSessionStore(client as never, 60)).toThrow(
    /the client must be a client, pool or cluster/,
  );
});

test.for([undefined, null, "postgres://localhost", {}])("%j is no pool of a Postgres", (client) => {
  expect(() => new PostgresSessionStore(client as never, 60)).toThrow(/the pool must have a method query/);
});

describe("sessionLayer", () => {
  test.for<[unknown, string]>([
    [null, "the options must be an object, got null"],
    [{ name: "sid" }, 'unknown option "name"; did you mean "cookie.name"?'],
    [{ secure: true }, 'unknown option "secure"; did you mean "cookie.secure"?'],
    [{ cookies: {} }, 'unknown option "cookies"; did you mean "cookie"?'],
    [{ recordClient: "yes" }, 'recordClient must be a boolean, got "yes"'],
    [{ cookie: "sid" }, 'cookie must be an object, got "sid"'],
    [{ cookie: { name: 5 } }, "cookie.name must be a string, got 5"],
    [{ cookie: { secure: "auto" } }, 'cookie.secure is automatic when it is left out; got "auto"'],
    [{ cookie: { secure: "true" } }, 'cookie.secure must be a boolean, got "true"'],
    [{ cookie: { samesite: "Lax" } }, 'unknown option "cookie.samesite"; did you mean "cookie.sameSite"?'],
    [
      { cookie: { sameSite: "lax" } },
      'cookie.sameSite must be "Strict" or "Lax" or "None", got "lax"; did you mean "Lax"?',
    ],
    [{ cookie: { sameSite: true } }, 'cookie.sameSite must be "Strict" or "Lax" or "None", got true'],
    [{ cookie: { domain: ["a"] } }, "cookie.domain must be a string, got an array"],
    [{ cookie: { path: null } }, "cookie.path must be a string, got null"],
    [{ cookie: { partitioned: 1 } }, "cookie.partitioned must be a boolean, got 1"],
    [{ cookie: { persistent: 0 } }, "cookie.persistent must be a boolean, got 0"],
  ])("refuses %j", ([options, message]) => {
    expect(problemOf(() => sessionLayer(new SessionStore(60), options as SessionLayerOptions))).toBe(
      `sessionLayer: ${message}`,
    );
  });

  test.for([undefined, 3600, {}, { ttl: 3600 }])("%j is no store", (store) => {
    expect(() => sessionLayer(store as never)).toThrow(/^sessionLayer: the first argument must be a store/);
  });

  test("a property that is not the session's own cannot be set on it", () => {
    const session = new RequestSession(
      new SessionPlan(new SessionStore(60), undefined, {
        client: {},
        cookieId: undefined,
        actorId: undefined,
        takesBearer: false,
        isKeptOut: false,
        abandonedBy: undefined,
      }),
    );
    expect(() => Object.assign(session, { cart: [] })).toThrow(TypeError);
    expect(() => Object.assign(session, { userId: "42" })).toThrow(TypeError);
  });
});
