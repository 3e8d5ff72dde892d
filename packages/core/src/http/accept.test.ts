import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePreferences, preferredType } from "./accept.ts";

describe("the preferred type", () => {
  const offers = ["application/json", "text/html", "text/plain"];
  test.each<[string | undefined, string | undefined]>([
    [undefined, "application/json"],
    ["*/*", "application/json"],
    ["text/html", "text/html"],
    ["TEXT/HTML", "text/html"],
    ["text/*", "text/html"],
    ["text/html;q=0.5, text/plain", "text/plain"],
    ["text/*;q=0.5, text/html;q=0.1, application/json;q=0.2", "text/plain"],
    ["text/html, application/xhtml+xml, */*;q=0.8", "text/html"],
    ["*/*, application/json;q=0", "text/html"],
    ["image/png", undefined],
    ["text/html;q=0", undefined],
    ["", undefined],
    ["text/html;q=nonsense", "text/html"],
    ["text/html;level=1;q=0.5, text/plain;q=0.7", "text/plain"],
    ["text/html;q=9, text/plain", "text/html"],
  ])("for %j is %j", (accept, expected) => {
    expect(preferredType(accept, offers)).toBe(expected);
  });

  test("is the offer with the highest quality, in whatever order the field is written", () => {
    const weights = fc.tuple(...offers.map(() => fc.integer({ min: 0, max: 10 })));
    fc.assert(
      fc.property(weights, fc.boolean(), (tenths, backwards) => {
        const members = offers.map((offer, index) => `${offer};q=${(tenths[index] as number) / 10}`);
        const best = Math.max(...tenths);
        const expected = best === 0 ? undefined : offers[tenths.indexOf(best)];
        expect(preferredType((backwards ? members.toReversed() : members).join(","), offers)).toBe(expected);
      }),
    );
  });
});

test("whatever is sent, qualities are from 0 to 1 and nothing throws", () => {
  const piece = fc.constantFrom(",", ";", "q", "=", "0", "1", ".", "a/b", "*", " ", "Q=", "-", "q=0.5");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      for (const { value, quality } of parsePreferences(pieces.join(""))) {
        expect(value).not.toBe("");
        expect(quality).toBeGreaterThanOrEqual(0);
        expect(quality).toBeLessThanOrEqual(1);
      }
    }),
  );
});
