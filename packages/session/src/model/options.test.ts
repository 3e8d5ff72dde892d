import { describe, expect, test } from "vitest";
import { assertId, assertUserId, clip, handlesOf, settingsOf } from "./options.ts";
import { generateId, recordIdOf } from "./session-id.ts";

describe("settingsOf", () => {
  test("a number is the lifetime in seconds, and the rest as it usually is", () => {
    expect(settingsOf("Store", 3600)).toEqual({
      ttl: 3600,
      idle: undefined,
      ttlMs: 3_600_000,
      idleMs: Infinity,
      touchMs: 60_000,
      maxBytes: 65_536,
      schema: undefined,
    });
  });

  test("the idle timeout is refreshed each tenth of it, and each minute at most", () => {
    expect(settingsOf("Store", { ttl: 3600, idle: 100 }).touchMs).toBe(10_000);
    expect(settingsOf("Store", { ttl: 3600, idle: 1800 }).touchMs).toBe(60_000);
  });

  test.each([
    [-1, /^Store: ttl must be a number of seconds from 0 to 100 years, got -1$/],
    [Number.NaN, /ttl .* got NaN/],
    [Infinity, /ttl .* got Infinity/],
    [{ ttl: "3600" }, /ttl .* got 3600/],
    [{}, /ttl .* got undefined/],
    [{ ttl: 1, idle: -1 }, /idle .* got -1/],
    [{ ttl: 1, idle: "5m" }, /idle .* got 5m/],
    [{ ttl: 1, maxBytes: 0 }, /maxBytes .* got 0/],
    [{ ttl: 1, maxBytes: 1.5 }, /maxBytes .* got 1.5/],
    [{ ttl: 1, schema: {} }, /schema must be a Standard Schema/],
  ])("names the option that is wrong: %j", (options, message) => {
    expect(() => settingsOf("Store", options as number)).toThrow(message);
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
    expect(handlesOf(undefined)).toEqual([]);
    expect(handlesOf({ handle })).toEqual([handle]);
    expect(handlesOf(handle)).toContain(handle);
    expect(handlesOf(id)).toContain(handle);
    expect(handlesOf("tok123")).toContain(recordIdOf("tok123"));
  });

  test("what a client says about itself is cut short, and cleaned", () => {
    expect(clip(undefined)).toBe(undefined);
    expect(clip("a\r\nb\0c")).toBe("a  b c");
    expect(clip("x".repeat(1000))).toHaveLength(256);
    expect(clip(`${"x".repeat(255)}\u{1f9e5}`)?.isWellFormed()).toBe(true);
  });
});
