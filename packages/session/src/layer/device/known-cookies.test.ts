import { describe, expect, test } from "vitest";
import { cookieHashOf, deviceRecordToText } from "./device-record.ts";
import { KnownCookies } from "./known-cookies.ts";

const SECRET = "s".repeat(43);
const textOf = (cookie: string, expiresAt: number): string =>
  deviceRecordToText(
    { kind: "offer", secret: SECRET, at: 0, count: 1, cookies: [{ hash: cookieHashOf(cookie), expiresAt }] },
    0,
  );

describe("known bound cookies", () => {
  test("are those of a record, each time they are asked for", () => {
    const known = new KnownCookies();
    const text = textOf("a", 1000);
    for (let times = 0; times < 3; times += 1) {
      expect(known.endOf(text, "a")).toBe(1000);
      expect(known.endOf(text, "b")).toBe(undefined);
    }
  });

  test("are none of another record's, and none of what the record has become", () => {
    const known = new KnownCookies();
    expect(known.endOf(textOf("a", 1000), "a")).toBe(1000);
    expect(known.endOf(textOf("b", 1000), "a")).toBe(undefined);
    expect(known.endOf(textOf("a", 2000), "a")).toBe(2000);
  });

  test("stay right when there are more than are remembered", () => {
    const known = new KnownCookies();
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < 10_000; index += 1) {
        expect(known.endOf(textOf(`cookie ${index}`, index + 1), `cookie ${index}`)).toBe(index + 1);
      }
    }
  });
});
