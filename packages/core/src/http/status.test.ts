import { STATUS_CODES } from "node:http";
import { expect, test } from "vitest";
import { reasonPhraseOf, STATUS_CODE_REASON_PHRASE } from "./status.ts";

test("every entry is named for its code and phrase", () => {
  for (const [name, { statusCode, reasonPhrase }] of Object.entries(STATUS_CODE_REASON_PHRASE)) {
    expect(name).toBe(`n${statusCode}_${reasonPhrase.toLowerCase().replaceAll(/[ -]/g, "_")}`);
    expect(reasonPhraseOf(statusCode)).toBe(reasonPhrase);
  }
});

test("all codes that Node knows are there, but those that are not registered", () => {
  const codes = Object.values(STATUS_CODE_REASON_PHRASE).map(({ statusCode }) => statusCode);
  const missing = Object.keys(STATUS_CODES).filter((code) => !codes.includes(Number(code) as never));
  // 418 is reserved as unused, 509 was never registered.
  expect(missing).toEqual(["418", "509"]);
});

test("the table cannot be changed", () => {
  expect(Object.isFrozen(STATUS_CODE_REASON_PHRASE)).toBe(true);
  expect(Object.isFrozen(STATUS_CODE_REASON_PHRASE.n200_ok)).toBe(true);
});

test("a code that is not registered has no phrase", () => {
  expect(reasonPhraseOf(299)).toBe("");
});
