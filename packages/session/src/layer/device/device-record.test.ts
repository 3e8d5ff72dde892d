import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBound } from "../../model/device.ts";
import { generateSecret } from "../../model/session-id.ts";
import { isGoodChallenge, makeChallenge } from "./challenge.ts";
import {
  type Binding,
  cookieHashOf,
  deviceRecordToText,
  endOfHash,
  type Offer,
  parseDeviceRecord,
} from "./device-record.ts";

const NOW = 1_800_000_000_000;
const KEY = `E${"x".repeat(86)}`;
const given = (cookie: string, seconds: number) => ({
  hash: cookieHashOf(cookie),
  expiresAt: NOW + seconds * 1000,
});

const offer: Offer = {
  kind: "offer",
  secret: generateSecret(),
  at: NOW,
  count: 1,
  cookies: [given("a", 60)],
};
const binding: Binding = {
  kind: "binding",
  secret: generateSecret(),
  at: NOW,
  unheardBy: undefined,
  key: KEY,
  cookies: [given("a", 60), given("b", 120)],
};

describe("what a record keeps of a device", () => {
  test.each([offer, binding, { ...binding, unheardBy: cookieHashOf("a"), cookies: [] }])(
    "is read as it was written: %j",
    (it) => {
      expect(parseDeviceRecord(deviceRecordToText(it, NOW))).toEqual(it);
    },
  );

  test("is short: a binding with two cookies is under 256 bytes", () => {
    expect(deviceRecordToText(binding, NOW).length).toBeLessThan(256);
  });

  test("knows each bound cookie until its end, without being parsed", () => {
    const text = deviceRecordToText(binding, NOW);
    expect(endOfHash(text, cookieHashOf("a"))).toBe(NOW + 60_000);
    expect(endOfHash(text, cookieHashOf("b"))).toBe(NOW + 120_000);
    expect(endOfHash(text, cookieHashOf("c"))).toBe(undefined);
    expect(endOfHash(text, cookieHashOf(""))).toBe(undefined);
  });

  test("holds neither a cookie nor anything from which one could be made", () => {
    const cookie = generateSecret();
    const text = deviceRecordToText({ ...binding, cookies: [given(cookie, 60)] }, NOW);
    expect(text).not.toContain(cookie);
    expect(text).not.toContain(cookie.slice(0, 22));
    for (const part of text.split(/[ ,]/)) expect(endOfHash(text, cookieHashOf(part))).toBe(undefined);
  });

  test("drops cookies that have ended, and the oldest of very many", () => {
    expect(deviceRecordToText(binding, NOW + 60_000)).toBe(
      deviceRecordToText({ ...binding, cookies: [given("b", 120)] }, NOW),
    );
    const many = { ...binding, cookies: Array.from({ length: 40 }, (_, index) => given(`c${index}`, 60)) };
    const text = deviceRecordToText(many, NOW);
    expect(endOfHash(text, cookieHashOf("c39"))).toBeDefined();
    expect(endOfHash(text, cookieHashOf("c24"))).toBeDefined();
    expect(endOfHash(text, cookieHashOf("c23"))).toBe(undefined);
  });

  test("is a binding unless it is an offer: what cannot be read opens nothing", () => {
    expect(isBound(undefined)).toBe(false);
    expect(isBound(deviceRecordToText(offer, NOW))).toBe(false);
    expect(isBound(deviceRecordToText(binding, NOW))).toBe(true);
    expect(isBound("")).toBe(true);
    expect(isBound("damaged")).toBe(true);
  });

  test("is not read when it is damaged", () => {
    const texts = [deviceRecordToText(offer, NOW), deviceRecordToText(binding, NOW)];
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(200), fc.string({ maxLength: 3 }), (text, at, put) => {
        const damaged = text.slice(0, at) + put + text.slice(at + 1);
        const read = parseDeviceRecord(damaged);
        // What is read is what the text says: written again, it is the same text.
        expect(read === undefined || deviceRecordToText(read, 0) === damaged).toBe(true);
      }),
    );
    for (const text of ["", "offer", "bound", "offer  ", `${texts[0]}x`])
      expect(parseDeviceRecord(text)).toBe(undefined);
  });
});

describe("a challenge", () => {
  const { secret } = binding;
  const challenge = makeChallenge(secret, "refresh", "handle", NOW + 1000);

  test("is known by whoever has the record, until it ends", () => {
    expect(isGoodChallenge(challenge, secret, "refresh", "handle", NOW)).toBe(true);
    expect(isGoodChallenge(challenge, secret, "refresh", "handle", NOW + 999)).toBe(true);
    expect(isGoodChallenge(challenge, secret, "refresh", "handle", NOW + 1000)).toBe(false);
  });

  test("is dead once the secret is another, as it is after a proof", () => {
    expect(isGoodChallenge(challenge, generateSecret(), "refresh", "handle", NOW)).toBe(false);
  });

  test("is neither another session's nor for another purpose", () => {
    expect(isGoodChallenge(challenge, secret, "refresh", "another", NOW)).toBe(false);
    expect(isGoodChallenge(challenge, secret, "registration", "handle", NOW)).toBe(false);
  });

  test("cannot be given a longer life", () => {
    const [, sum] = challenge.split(".");
    expect(isGoodChallenge(`${(NOW + 9000).toString(36)}.${sum}`, secret, "refresh", "handle", NOW)).toBe(
      false,
    );
  });

  test.each(["", ".", "x", "..", `${challenge}.`, `${challenge}x`, ` ${challenge}`, challenge.toUpperCase()])(
    "is not %j",
    (text) => {
      expect(isGoodChallenge(text, secret, "refresh", "handle", NOW)).toBe(false);
    },
  );

  test("is nothing else, whatever it may be", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(isGoodChallenge(text, secret, "refresh", "handle", NOW)).toBe(false);
      }),
    );
  });
});
