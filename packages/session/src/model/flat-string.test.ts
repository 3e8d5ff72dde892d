import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flat, flatKey } from "./flat-string.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe("text in memory of its own", () => {
  test("is the same text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        expect(flat(text)).toBe(text);
        expect(flatKey(text)).toBe(text);
      }),
    );
    for (const key of ["__proto__", "constructor", "4294967295", "99999999999999999999", "a".repeat(5000)]) {
      expect(flatKey(key)).toBe(key);
      expect(flat(key)).toBe(key);
    }
  });

  test.for([
    ["flat", flat],
    ["flatKey", flatKey],
  ] as const)("%s keeps nothing of the text that it was cut out of", ([, copy]) => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const kept: string[] = [];
    for (let count = 0; count < 100; count += 1) {
      const body = Array.from({ length: 10_000 }, (_, index) => `field-${count}-${index}`).join("&");
      kept.push(copy(body.slice(50, 90)));
    }
    collect();
    expect(kept).toHaveLength(100);
    // The bodies were 15 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
  });
});
