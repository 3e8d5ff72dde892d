import { describe, expect, test } from "vitest";
import { DEFAULT_ALGORITHM } from "./algorithms.ts";
import {
  hashPassword,
  needsRehash,
  PasswordHashError,
  passwordHasher,
  PasswordQueueFullError,
  verifyPassword,
} from "./password.ts";

const scrypt = passwordHasher({ algorithm: "scrypt" });
/** RFC 7914, section 12: scrypt of "pleaseletmein", N = 16384, r = 8, p = 1. */
const RFC_7914 =
  "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw";

describe("hashPassword", () => {
  test("makes a PHC string with the parameters in front, another one each time", async () => {
    const [one, two] = await Promise.all([scrypt.hash("correct horse"), scrypt.hash("correct horse")]);
    expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
  });

  test("is Argon2id where this Node has it", async () => {
    const hash = await hashPassword("correct horse");
    const expected = { argon2id: "$argon2id$v=19$m=19456,t=2,p=1$", scrypt: "$scrypt$ln=15,r=8,p=3$" };
    expect(hash).toContain(expected[DEFAULT_ALGORITHM]);
    expect(await verifyPassword("correct horse", hash)).toBe(true);
  });

  test.each([undefined, null, 5, {}, ["secret"]])(
    "%s is no password: a TypeError that does not print it",
    async (value) => {
      await expect(hashPassword(value as unknown as string)).rejects.toThrow(TypeError);
      await expect(verifyPassword(value as unknown as string, undefined)).rejects.toThrow(
        "the password is a string",
      );
    },
  );

  test("an empty password and one over 4,096 characters are refused", async () => {
    await expect(hashPassword("")).rejects.toThrow("empty");
    await expect(hashPassword("x".repeat(4097))).rejects.toThrow(RangeError);
  });
});

describe("verifyPassword", () => {
  test("says yes to the password, and no to every other", async () => {
    const hash = await scrypt.hash("correct horse");
    expect(await scrypt.verify("correct horse", hash)).toBe(true);
    expect(await scrypt.verify("correct horsf", hash)).toBe(false);
    expect(await scrypt.verify("", hash)).toBe(false);
  });

  test("verifies what others made: the test vector of RFC 7914", async () => {
    expect(await verifyPassword("pleaseletmein", RFC_7914)).toBe(true);
    expect(await verifyPassword("pleaseletmeout", RFC_7914)).toBe(false);
  });

  test("takes the same letters as the same, however a keyboard writes them", async () => {
    const hash = await scrypt.hash("caf\u00E9 \uFB01sh");
    expect(await scrypt.verify("cafe\u0301 fish", hash)).toBe(true);
  });

  test("a password that is too long is wrong, also when its beginning is right", async () => {
    const hash = await scrypt.hash("x".repeat(4096));
    expect(await scrypt.verify("x".repeat(4096), hash)).toBe(true);
    expect(await scrypt.verify("x".repeat(4097), hash)).toBe(false);
  });

  test("without a user it computes as much, and says no", async () => {
    const one = passwordHasher({ algorithm: "scrypt", concurrency: 1, maxWaiting: 0 });
    const asked = one.verify("anything", undefined);
    // The one place is taken by it, as by a real one.
    await expect(one.verify("anything", RFC_7914)).rejects.toThrow(PasswordQueueFullError);
    expect(await asked).toBe(false);
  });

  test.each([
    "",
    "plain",
    "$scrypt$ln=15,r=8,p=3$c2FsdHNhbHRzYWx0$",
    "scrypt$32768$8$3$AAAA$AAAA",
    "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "$pbkdf2-sha256$i=600000$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
    "$scrypt$ln=30,r=8,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
    "$scrypt$ln=15,r=8,p=3,x=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
    "$scrypt$ln=15,r=8$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
    "$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
    "$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
    "$constructor$a=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
    5,
    null,
  ])("%s is no hash to verify: an error that does not print it", async (stored) => {
    const error: unknown = await verifyPassword("secret", stored as string).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PasswordHashError);
    const written = String(stored).slice(-12) || "nothing";
    expect(String(error)).not.toContain(written);
  });
});

describe("needsRehash", () => {
  test("is false for what the same hasher makes, true for other parameters and the other algorithm", async () => {
    expect(scrypt.needsRehash(await scrypt.hash("x"))).toBe(false);
    expect(scrypt.needsRehash(RFC_7914)).toBe(true);
    expect(needsRehash(RFC_7914)).toBe(true);
  });

  test("is true for a salt that is shorter than today's", () => {
    const hash = "A".repeat(43);
    expect(scrypt.needsRehash(`$scrypt$ln=15,r=8,p=3$c2FsdHNhbHRzYWx0$${hash}`)).toBe(true);
    expect(scrypt.needsRehash(`$scrypt$ln=15,r=8,p=3$${"A".repeat(22)}$${hash}`)).toBe(false);
  });
});

describe("a flood", () => {
  test("is computed few at a time, in order, and refused with 503 when the line is full", async () => {
    const hasher = passwordHasher({ algorithm: "scrypt", concurrency: 2, maxWaiting: 3 });
    const done: number[] = [];
    const asked = [0, 1, 2, 3, 4, 5, 6].map(async (n) => {
      await hasher.hash("secret");
      done.push(n);
    });
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array(5).fill("fulfilled"),
      "rejected",
      "rejected",
    ]);
    expect(outcomes[5]).toMatchObject({ reason: { statusCode: 503 } });
    expect((outcomes[6] as PromiseRejectedResult).reason).toBeInstanceOf(PasswordQueueFullError);
    expect(new Set(done.slice(0, 2))).toEqual(new Set([0, 1]));
    await hasher.hash("there is room again");
  });

  test("does not hold the event loop", async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await scrypt.hash("secret");
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});

test.each([
  [{ algorithm: "bcrypt" }, "algorithm is"],
  [{ algorithm: "constructor" }, "algorithm is"],
  [{ concurrency: Number.NaN }, "concurrency is a whole number of 1 or more, got NaN"],
  [{ concurrency: 0 }, "concurrency"],
  [{ maxWaiting: "5" }, "maxWaiting"],
  [{ concurency: 2 }, 'no option "concurency"'],
])("passwordHasher(%j) is refused", (options, message) => {
  expect(() => passwordHasher(options as never)).toThrow(TypeError);
  expect(() => passwordHasher(options as never)).toThrow(message);
});
