import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { preferredEncoding } from "./accept-encoding.ts";

const OFFERS = ["zstd", "br", "gzip"] as const;

describe("the content coding that is chosen", () => {
  test.each([
    ["gzip, deflate, br, zstd", "zstd"],
    ["gzip, deflate, br", "br"],
    ["gzip", "gzip"],
    ["GZip", "gzip"],
    ["x-gzip", "gzip"],
    ["gzip;q=1, br;q=0.5", "gzip"],
    ["gzip; q=0.2 , br ; q=0.3", "br"],
    ["br;q=0, gzip", "gzip"],
    ["*", "zstd"],
    ["*;q=0.1", "zstd"],
    ["zstd;q=0, *", "br"],
    ["identity;q=0.5, gzip;q=0.5", "gzip"],
    ["identity, gzip;q=0.5", undefined],
    ["identity;q=0", undefined],
    ["gzip;q=0", undefined],
    ["gzip;q=0.000", undefined],
    ["*;q=0", undefined],
    ["deflate", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("for Accept-Encoding %j is %s", (field, expected) => {
    expect(preferredEncoding(field, OFFERS)).toBe(expected);
  });

  test("is never one that the client refused, and always one that was offered", () => {
    const coding = fc.constantFrom("zstd", "br", "gzip", "identity", "*", "deflate");
    const member = fc.record({ coding, q: fc.integer({ min: 0, max: 10 }) });
    fc.assert(
      fc.property(
        fc.uniqueArray(member, { selector: (it) => it.coding }),
        fc.subarray([...OFFERS]),
        (members, offers) => {
          const chosen = preferredEncoding(
            members.map(({ coding: name, q }) => `${name};q=${q / 10}`).join(","),
            offers,
          );
          if (chosen === undefined) return;
          expect(offers).toContain(chosen);
          const quality = (name: string) => members.find((it) => it.coding === name)?.q;
          const own = quality(chosen) ?? quality("*") ?? 0;
          expect(own).toBeGreaterThan(0);
          for (const other of offers) expect(own).toBeGreaterThanOrEqual(quality(other) ?? quality("*") ?? 0);
        },
      ),
    );
  });

  test("of any text at all is found without an error", () => {
    fc.assert(
      fc.property(fc.string(), (field) => {
        expect([...OFFERS, undefined]).toContain(preferredEncoding(field, OFFERS));
      }),
    );
  });
});
