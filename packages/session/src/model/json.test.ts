import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeKey, encodeKey, toJson } from "./json.ts";

/** Arrays in arrays. */
function nested(levels: number): unknown {
  let value: unknown[] = [];
  for (let level = 1; level < levels; level += 1) value = [value];
  return value;
}

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
    ["a circle", circle, /it contains itself, or is nested deeper than 1000 levels/],
    ["what is nested too deeply", nested(1001), /nested deeper than 1000 levels/],
    [
      "an object with toJSON",
      { a: 1, toJSON: () => ({ b: 2 }) },
      /its method toJSON would put something else/,
    ],
    [
      "an array with toJSON",
      Object.assign([1], { toJSON: () => 2 }),
      /its method toJSON would put something else/,
    ],
    ["an object with a symbol", { a: 1, [Symbol("secret")]: 2 }, /would lose its symbols/],
    ["an object with a hidden property", Object.defineProperty({}, "a", { value: 1 }), /not enumerable/],
    [
      "an array with a property",
      Object.assign([1], { total: 2 }),
      /would lose the properties that are not its items/,
    ],
    ["an array with a symbol", Object.assign([1], { [Symbol("s")]: 2 }), /would lose the properties/],
    ["an array of a class", new (class List extends Array {})(), /List is no plain array/],
    ["a boxed string", Object("a"), /String is no plain object/],
    ["a boxed number", Object(1), /Number is no plain object/],
    ["what inherits", Object.create({ a: 1 }), /is no plain object/],
    ["an error", new Error("no"), /Error is no plain object/],
    ["a regular expression", /a/, /RegExp is no plain object/],
    ["a typed array", new Uint8Array(2), /Uint8Array is no plain object/],
    ["a promise", Promise.resolve(1), /Promise is no plain object/],
  ])("refuses %s, at the top and deep inside, and names the key", (_, value, message) => {
    expect(() => toJson("cart", value)).toThrow(message);
    expect(() => toJson("cart", value)).toThrow(/^Session key "cart": /);
    expect(() => toJson("cart", value)).toThrow(TypeError);
    expect(() => toJson("cart", { a: [value] })).toThrow(message);
  });

  test("says where the value is", () => {
    expect(() => toJson("cart", { items: [{ at: 1 }, { at: new Date() }] })).toThrow(
      /, at \.items\[1\]\.at;/,
    );
  });

  const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };
  test.skipIf(rawJSON === undefined)("refuses what JSON.rawJSON would write as something else", () => {
    expect(() => toJson("k", rawJSON?.("1"))).toThrow(/raw JSON would become/);
    expect(toJson("k", { rawJSON: "1" })).toBe('{"rawJSON":"1"}');
  });

  test("takes objects and arrays of another realm, and what only looks like toJSON", () => {
    const other: unknown = runInNewContext("({ a: [1, { b: 2 }], toJSON: 3 })");
    expect(toJson("k", other)).toBe('{"a":[1,{"b":2}],"toJSON":3}');
    expect(() => toJson("k", runInNewContext("new Map()"))).toThrow(/Map is no plain object/);
    expect(() => toJson("k", runInNewContext("new Date()"))).toThrow(TypeError);
  });

  test("takes any depth up to a thousand levels, the same object twice, and an empty key", () => {
    expect(toJson("k", nested(1000))).toBe(`${"[".repeat(1000)}${"]".repeat(1000)}`);
    const shared = { a: 1 };
    expect(toJson("k", [shared, shared, { "": undefined }])).toBe('[{"a":1},{"a":1},{}]');
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
