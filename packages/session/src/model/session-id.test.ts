import { describe, expect, test } from "vitest";
import { generateId, isWellFormedId, recordIdOf, regenerateId, secretHashOf } from "./session-id.ts";

describe("session ids", () => {
  test("a generated id is a record id and a secret of 256 bits", () => {
    const [record = "", secret = "", ...more] = generateId().split(".");
    expect(Buffer.from(record, "base64url")).toHaveLength(16);
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    expect(more).toEqual([]);
  });

  test("no two are alike, also when the pool of random bytes has run out many times", () => {
    const parts = Array.from({ length: 10_000 }, () => generateId().split(".")).flat();
    expect(new Set(parts).size).toBe(20_000);
  });

  test("every bit is as often one as zero", () => {
    const ones = Array.from({ length: 256 }, () => 0);
    for (let count = 0; count < 2000; count += 1) {
      const secret = Buffer.from(generateId().split(".")[1] ?? "", "base64url");
      for (let bit = 0; bit < 256; bit += 1)
        ones[bit] = (ones[bit] ?? 0) + (((secret[bit >> 3] ?? 0) >> (bit & 7)) & 1);
    }
    // Seven standard deviations of a fair coin: one run in a thousand million fails.
    for (const count of ones) expect(Math.abs(count - 1000)).toBeLessThan(157);
  });

  test("regenerating keeps the record and replaces the secret", () => {
    const id = generateId();
    const next = regenerateId(id);
    expect(recordIdOf(next)).toBe(recordIdOf(id));
    expect(next.split(".")[1]).not.toBe(id.split(".")[1]);
    expect(next).toMatch(/^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/);
  });

  test("a custom id has a record id that does not tell it, and keeps it when it is regenerated", () => {
    const record = recordIdOf("tok123");
    expect(record).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(record).not.toContain("tok123");
    expect(recordIdOf("tok124")).not.toBe(record);
    expect(recordIdOf(regenerateId("tok123"))).toBe(record);
  });

  test("the hash of an id is that of the whole id, and not its record id", () => {
    const id = generateId();
    expect(secretHashOf(id)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(secretHashOf(id)).not.toBe(secretHashOf(regenerateId(id)));
    expect(secretHashOf("tok123").startsWith(recordIdOf("tok123"))).toBe(false);
  });

  test.each(["a", "A-Z_0.9~", "x".repeat(256)])("%j is well-formed", (id) => {
    expect(isWellFormedId(id)).toBe(true);
  });

  test.each(["", " a", "a\n", "a;b", "é", "x".repeat(257), undefined, null, 1, ["a"], { length: 1 }])(
    "%j is not",
    (id) => {
      expect(isWellFormedId(id)).toBe(false);
    },
  );
});
