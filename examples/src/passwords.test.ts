import { expect, test } from "vitest";
import { hashPassword, verifyPassword } from "./passwords.ts";

test("a password fits its own hash and no other fits", async () => {
  const hash = await hashPassword("a hat and a coat");
  expect(await verifyPassword("a hat and a coat", hash)).toBe(true);
  expect(await verifyPassword("a hat and a coa", hash)).toBe(false);
  expect(await verifyPassword("", hash)).toBe(false);
});

test("two hashes of one password differ, and neither holds it", async () => {
  const [one, other] = await Promise.all([hashPassword("garderobe"), hashPassword("garderobe")]);
  expect(one).not.toBe(other);
  expect(one).toMatch(/^scrypt\$32768\$8\$3\$[\w+/=]{24}\$[\w+/=]{44}$/);
});

test("the same letters typed on another keyboard are the same password", async () => {
  expect(await verifyPassword("cafe\u0301 noir", await hashPassword("caf\u00e9 noir"))).toBe(true);
});

test("nobody's password is never right", async () => {
  expect(await verifyPassword("", undefined)).toBe(false);
  expect(await verifyPassword("a hat and a coat", undefined)).toBe(false);
});

test("nobody's password costs the same time as somebody's", async () => {
  const hash = await hashPassword("a hat and a coat");
  const times: Record<string, number[]> = { somebody: [], nobody: [] };
  for (let round = 0; round < 5; round += 1) {
    for (const [who, stored] of [
      ["somebody", hash],
      ["nobody", undefined],
    ] as const) {
      const start = performance.now();
      await verifyPassword("wrong", stored);
      times[who]?.push(performance.now() - start);
    }
  }
  const median = (who: string) => times[who]?.toSorted((a, b) => a - b)[2] ?? 0;
  expect(median("nobody") / median("somebody")).toBeGreaterThan(0.5);
  expect(median("nobody") / median("somebody")).toBeLessThan(2);
});

test("a hash made with a smaller cost can still be verified", async () => {
  const { scryptSync } = await import("node:crypto");
  const hash = scryptSync("old", "0123456789abcdef", 32, { N: 1024, r: 8, p: 1 });
  const salt = Buffer.from("0123456789abcdef").toString("base64");
  expect(await verifyPassword("old", `scrypt$1024$8$1$${salt}$${hash.toString("base64")}`)).toBe(true);
});
