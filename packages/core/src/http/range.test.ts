import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRange } from "./range.ts";

describe("a byte range", () => {
  test.each([
    ["bytes=0-99", { start: 0, end: 99 }],
    ["bytes=0-0", { start: 0, end: 0 }],
    ["bytes=500-", { start: 500, end: 999 }],
    ["bytes=-1", { start: 999, end: 999 }],
    ["bytes=-5000", { start: 0, end: 999 }],
    ["bytes=990-5000", { start: 990, end: 999 }],
    ["Bytes= 1-2 ", { start: 1, end: 2 }],
    ["bytes=1000-", "unsatisfiable"],
    ["bytes=99999999999999999999999-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=5-4", undefined],
    ["bytes=-", undefined],
    ["bytes=a-b", undefined],
    ["bytes=0-1,4-5", undefined],
    ["bytes=0x0-1", undefined],
    ["bytes", undefined],
    ["seconds=0-1", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%j of 1000 bytes is %j", (field, expected) => {
    expect(parseRange(field, 1000)).toEqual(expected);
  });

  test("of nothing is unsatisfiable, or the whole of it", () => {
    expect(parseRange("bytes=0-", 0)).toBe("unsatisfiable");
    expect(parseRange("bytes=-5", 0)).toBeUndefined();
  });

  test("always lies inside of the file, whatever was asked for", () => {
    const position = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(""), fc.bigInt({ min: 0n }));
    fc.assert(
      fc.property(position, position, fc.nat({ max: 5000 }), (first, last, size) => {
        const range = parseRange(`bytes=${first}-${last}`, size);
        if (range === undefined || range === "unsatisfiable") return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }),
    );
  });

  test("gives the very bytes that were asked for, by an independent count", () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.nat({ max: 60 }), fc.integer({ min: 1, max: 50 }), (a, b, size) => {
        const bytes = Array.from({ length: size }, (_, index) => index);
        const pick = (field: string) => {
          const range = parseRange(field, size);
          if (range === "unsatisfiable") return [];
          return range === undefined ? bytes : bytes.slice(range.start, range.end + 1);
        };
        const last = a + b;
        expect(pick(`bytes=${a}-${last}`)).toEqual(bytes.filter((at) => at >= a && at <= last));
        expect(pick(`bytes=${a}-`)).toEqual(bytes.filter((at) => at >= a));
        expect(pick(`bytes=-${a}`)).toEqual(a === 0 ? [] : bytes.slice(-a));
      }),
    );
  });
});
