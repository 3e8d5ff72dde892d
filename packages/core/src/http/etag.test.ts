import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesEntityTag, parseEntityTags } from "./etag.ts";

describe("entity tags", () => {
  test.each([
    ["*", "*"],
    [" * ", "*"],
    ['"a"', [{ weak: false, opaque: "a" }]],
    ['W/"a"', [{ weak: true, opaque: "a" }]],
    [
      '"a", W/"b,c" ,, ""',
      [
        { weak: false, opaque: "a" },
        { weak: true, opaque: "b,c" },
        { weak: false, opaque: "" },
      ],
    ],
    ["", []],
    ["a", undefined],
    ['"a', undefined],
    ['"a""b"', undefined],
    ['w/"a"', undefined],
    ['"a", *', undefined],
    ['"a b"', undefined],
  ])("in %j are %j", (field, expected) => {
    expect(parseEntityTags(field)).toEqual(expected);
  });

  test("are compared weakly by their text and strongly only when both are strong", () => {
    expect(matchesEntityTag('W/"a"', '"a"', "weak")).toBe(true);
    expect(matchesEntityTag('"a"', 'W/"a"', "weak")).toBe(true);
    expect(matchesEntityTag('W/"a"', '"a"', "strong")).toBe(false);
    expect(matchesEntityTag('"a"', 'W/"a"', "strong")).toBe(false);
    expect(matchesEntityTag('"x", "a"', '"a"', "strong")).toBe(true);
    expect(matchesEntityTag("*", 'W/"a"', "strong")).toBe(true);
    expect(matchesEntityTag("a", '"a"', "weak")).toBe(false);
  });

  test("are read back as they were written, whatever they hold", () => {
    const opaque = fc.stringMatching(/^[\x21\x23-\x7e]{0,12}$/);
    fc.assert(
      fc.property(fc.array(fc.record({ weak: fc.boolean(), opaque }), { minLength: 1 }), (tags) => {
        const field = tags.map(({ weak, opaque: text }) => `${weak ? "W/" : ""}"${text}"`).join(", ");
        expect(parseEntityTags(field)).toEqual(tags);
      }),
    );
  });

  test("of any text are read in a time that does not explode", () => {
    fc.assert(fc.property(fc.string(), (field) => void parseEntityTags(field)));
    expect(parseEntityTags(`"${"a".repeat(100_000)}`)).toBeUndefined();
    expect(parseEntityTags(",".repeat(100_000))).toEqual([]);
  });
});
