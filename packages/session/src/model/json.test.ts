import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeKey, encodeKey, toJson } from "./json.ts";

describe("toJson", () => {
  test("what it takes comes back as it was", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        expect(JSON.parse(toJson("k", value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("properties without a value are left out", () => {
    expect(toJson("k", { a: 1, b: undefined })).toBe('{"a":1}');
  });

  test("an object without a prototype is a plain object", () => {
    expect(toJson("k", Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
  });

  class Money {
    readonly amount = 1;
  }
  const circle: unknown[] = [];
  circle.push(circle);

  test.each([
    ["undefined", undefined, /use remove\(\), or null/],
    ["NaN", Number.NaN, /NaN would become null/],
    ["Infinity", -Infinity, /-Infinity would become null/],
    ["a bigint", 1n, /a bigint is no value/],
    ["a symbol", Symbol("s"), /a symbol is no value/],
    ["a function", () => 1, /a function is no value/],
    ["a Date", new Date(), /a Date would become a string; use toISOString/],
    ["a Map", new Map(), /Map is no plain object/],
    ["a Set", new Set(), /Set is no plain object/],
    ["bytes", Buffer.from("a"), /no plain object/],
    ["a class of one's own", new Money(), /Money is no plain object/],
    ["a circle", circle, /it cannot be turned into JSON/],
  ])("refuses %s, at the top and deep inside, and names the key", (_, value, message) => {
    expect(() => toJson("cart", value)).toThrow(message);
    expect(() => toJson("cart", value)).toThrow(/^Session key "cart": /);
    expect(() => toJson("cart", value)).toThrow(TypeError);
    expect(() => toJson("cart", { a: [value] })).toThrow(message);
  });

  test("refuses an array with holes", () => {
    // oxlint-disable-next-line no-sparse-arrays
    expect(() => toJson("k", [1, , 2])).toThrow(/undefined is no value/);
  });
});

describe("encodeKey", () => {
  test("any key comes back, and what is kept has neither control characters nor lone surrogates", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (key) => {
        const encoded = encodeKey(key);
        expect(decodeKey(encoded)).toBe(key);
        expect(encoded.isWellFormed()).toBe(true);
        expect(encoded).not.toMatch(/[\x00-\x1f]/);
      }),
    );
    for (const key of ["", "\0", "\ud800", "a\udc00", '"', "\\", "__proto__"]) {
      expect(decodeKey(encodeKey(key))).toBe(key);
      expect(encodeKey(key).isWellFormed()).toBe(true);
    }
  });

  test("keys that differ stay different, plain ones as they are", () => {
    expect(encodeKey("user name")).toBe("user name");
    expect(encodeKey("\0")).not.toBe(encodeKey("\\u0000"));
  });
});
