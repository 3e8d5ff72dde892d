import { array, assert, constantFrom, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { HttpError } from "./http-error.ts";
import { parseUrlencoded } from "./urlencoded.ts";

const LIMITS = { maxFields: 1000, tooManyStatus: 413 } as const;
const parse = (text: string) => [...parseUrlencoded(text, LIMITS)];

describe("a form or a query", () => {
  test.each([
    [
      "a=1&b=2&a=3",
      [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ],
    ],
    [
      "a&b=&=c&=",
      [
        ["a", ""],
        ["b", ""],
        ["", "c"],
        ["", ""],
      ],
    ],
    ["&&a=1&&", [["a", "1"]]],
    ["a+b=c+%2B", [["a b", "c +"]]],
    ["a=b=c", [["a", "b=c"]]],
    ["caf%C3%A9=%E2%82%AC", [["café", "€"]]],
    [
      "%=%4&a%ZZ=%C3",
      [
        ["%", "%4"],
        ["a%ZZ", "\ufffd"],
      ],
    ],
    ["?a=1", [["?a", "1"]]],
    ["€%C3=é%", [["€\ufffd", "é%"]]],
    ["__proto__=1", [["__proto__", "1"]]],
    ["%EF%BB%BFa=%EF%BB%BF%FF", [["\ufeffa", "\ufeff\ufffd"]]],
    ["", []],
  ])("%j is %j", (text, fields) => expect(parse(text)).toEqual(fields));

  test("is what the web platform makes of it", () => {
    // Node itself gets a malformed encoding beside other letters than those of latin1 wrong.
    const piece = constantFrom("a", "&", "=", "+", "%", "%41", "%c3%a9", "%c3", "%e2%82%ac", "%2", "%ZZ");
    assert(
      property(array(piece), (pieces) => {
        const text = pieces.join("");
        // Without a first field, for it takes a "?" away.
        expect(parse(text)).toEqual([...new URLSearchParams(`&${text}`)]);
      }),
    );
  });

  test.each([413, 414] as const)("of more fields than there may be is %i", (tooManyStatus) => {
    const limits = { maxFields: 3, tooManyStatus };
    expect(parseUrlencoded("a&b&c&&", limits).size).toBe(3);
    expect(() => parseUrlencoded("a&b&c&d", limits)).toThrow(
      expect.objectContaining({ statusCode: tooManyStatus, constructor: HttpError }),
    );
  });
});
