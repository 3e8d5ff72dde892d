import { describe, expect, test } from "vitest";
import { isString } from "@hatcheck/core/options";
import { assertId, assertUserId, clip, settingsOf, sparedBy } from "./options.ts";
import { generateId, recordIdOf } from "./session-id.ts";

describe("settingsOf", () => {
  test("a number is the lifetime in seconds, and the rest as it usually is", () => {
    expect(settingsOf("Store", 3600)).toEqual({
      ttl: 3600,
      idle: undefined,
      ttlMs: 3_600_000,
      idleMs: Infinity,
      touchMs: 60_000,
      graceMs: 30_000,
      maxBytes: 65_536,
      maxSessionsPerUser: Infinity,
      schema: undefined,
    });
  });

  test("the idle timeout is refreshed each tenth of it, and each minute at most", () => {
    expect(settingsOf("Store", { ttl: 3600, idle: 100 }).touchMs).toBe(10_000);
    expect(settingsOf("Store", { ttl: 3600, idle: 1800 }).touchMs).toBe(60_000);
  });

  test.each([
    [-1, RangeError, "Store: ttl must be a number of seconds from 0 to 100 years, got -1"],
    [Number.NaN, TypeError, "Store: ttl must be a number of seconds from 0 to 100 years, got NaN"],
    [Infinity, RangeError, "Store: ttl must be a number of seconds from 0 to 100 years, got Infinity"],
    [{ ttl: "3600" }, TypeError, 'Store: ttl must be a number of seconds from 0 to 100 years, got "3600"'],
    [{ ttl: null }, TypeError, "Store: ttl must be a number of seconds from 0 to 100 years, got null"],
    [
      undefined,
      TypeError,
      "Store: give it the seconds that a session lives, as 3600 or { ttl: 3600 }, got undefined",
    ],
    [
      "3600",
      TypeError,
      'Store: give it the seconds that a session lives, as 3600 or { ttl: 3600 }, got "3600"',
    ],
    [null, TypeError, "Store: give it the seconds that a session lives, as 3600 or { ttl: 3600 }, got null"],
    [[3600], TypeError, "Store: the options must be an object, got an array"],
    [
      {},
      TypeError,
      "Store: ttl is missing; give it the seconds that a session lives, as 3600 or { ttl: 3600 }",
    ],
    [{ tll: 5 }, TypeError, 'Store: unknown option "tll"; did you mean "ttl"?'],
    [{ ttl: 1, idel: 5 }, TypeError, 'Store: unknown option "idel"; did you mean "idle"?'],
    [{ ttl: 1, maxbytes: 5 }, TypeError, 'Store: unknown option "maxbytes"; did you mean "maxBytes"?'],
    [
      { ttl: 1, max: 5 },
      TypeError,
      'Store: unknown option "max"; known are ttl, idle, grace, maxBytes, maxSessionsPerUser, schema',
    ],
    [
      { ttl: 1, resave: false },
      TypeError,
      'Store: unknown option "resave"; known are ttl, idle, grace, maxBytes, maxSessionsPerUser, schema',
    ],
    [
      { ttl: 1, constructor: 1 },
      TypeError,
      'Store: unknown option "constructor"; known are ttl, idle, grace, maxBytes, maxSessionsPerUser, schema',
    ],
    [{ ttl: 1, idle: -1 }, RangeError, "Store: idle must be a number of seconds from 0 to 100 years, got -1"],
    [
      { ttl: 1, idle: "5m" },
      TypeError,
      'Store: idle must be a number of seconds from 0 to 100 years, got "5m"',
    ],
    [{ ttl: 1, maxBytes: 0 }, RangeError, "Store: maxBytes must be a whole number of bytes above 0, got 0"],
    [
      { ttl: 1, maxBytes: 1.5 },
      RangeError,
      "Store: maxBytes must be a whole number of bytes above 0, got 1.5",
    ],
    [{ ttl: 1, schema: {} }, TypeError, "Store: schema must be a Standard Schema, such as a zod schema"],
    [{ ttl: 1, schema: "zod" }, TypeError, "Store: schema must be a Standard Schema, such as a zod schema"],
  ])("says what is wrong and what was meant: %j", (options, kind, message) => {
    expect(() => settingsOf("Store", options as number)).toThrow(kind);
    expect(() => settingsOf("Store", options as number)).toThrow(expect.objectContaining({ message }));
  });

  test("a store's own options are checked with the rest", () => {
    const own = { table: isString };
    const withTtl = (options: object) => ({ ttl: 1, ...options });
    expect(settingsOf("Store", withTtl({ table: "a" }), own).ttl).toBe(1);
    expect(() => settingsOf("Store", withTtl({ table: 1 }), own)).toThrow(
      "Store: table must be a string, got 1",
    );
    expect(() => settingsOf("Store", withTtl({ tabel: "a" }), own)).toThrow('did you mean "table"?');
  });

  test("what is given as undefined is not given, and options may be an object of a class", () => {
    class Config {
      get ttl(): number {
        return 5;
      }
    }
    expect(settingsOf("Store", new Config())).toEqual(settingsOf("Store", 5));
    expect(settingsOf("Store", { ttl: 5, ...({ idle: undefined, maxBytes: undefined } as object) })).toEqual(
      settingsOf("Store", 5),
    );
  });
});

describe("what a caller hands in", () => {
  test("a malformed id is refused without repeating it", () => {
    expect(() => assertId("se cret")).toThrow(TypeError);
    expect(() => assertId("se cret")).not.toThrow(/se cret/);
    expect(() => assertId("tok123")).not.toThrow();
  });

  test.each(["", "\0", "a\nb", "\u007f", "\ud800", "x".repeat(256), 42, undefined])(
    "no user id: %j",
    (userId) => {
      expect(() => assertUserId(userId as string)).toThrow(TypeError);
    },
  );

  test("any other text is one", () => {
    for (const userId of ["42", " ", "ada@example.org", "é", "x".repeat(255)]) {
      expect(() => assertUserId(userId)).not.toThrow();
    }
  });

  test("`except` is a session, a handle or an id", () => {
    const id = generateId();
    const handle = recordIdOf(id);
    expect(sparedBy({})).toEqual([]);
    expect(sparedBy({ except: { handle } })).toEqual([handle]);
    expect(sparedBy({ except: handle })).toContain(handle);
    expect(sparedBy({ except: id })).toContain(handle);
    expect(sparedBy({ except: "tok123" })).toContain(recordIdOf("tok123"));
  });

  test("what a client says about itself is cut short, and cleaned", () => {
    expect(clip(undefined)).toBe(undefined);
    expect(clip("a\r\nb\0c")).toBe("a  b c");
    expect(clip("x".repeat(1000))).toHaveLength(256);
    expect(clip(`${"x".repeat(255)}\u{1f9e5}`)?.isWellFormed()).toBe(true);
  });
});
