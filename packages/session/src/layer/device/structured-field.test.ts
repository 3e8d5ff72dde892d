import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { challengeField, registrationField, skippedSessions, stringItem } from "./structured-field.ts";

describe("stringItem", () => {
  test.each([
    ['"abc"', "abc"],
    ["abc", "abc"],
    ["eyJh.eyJq.MEUC_-", "eyJh.eyJq.MEUC_-"],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['"abc";a=1;b="x;y";c', "abc"],
    ["abc; a=1", "abc"],
    ['""', ""],
  ])("reads %j", (field, text) => {
    expect(stringItem(field, 100)).toBe(text);
  });

  test.each([
    undefined,
    "",
    " ",
    '"abc',
    'abc"',
    '"abc" x',
    '"a", "b"',
    "a, b",
    "a b",
    '"a\\b"',
    '"é"',
    '"a\u0000"',
    "\u0000",
    '"abc";',
    '"abc";A=1',
    ":YWJj:",
    "(a b)",
  ])("finds no text in %j", (field) => {
    expect(stringItem(field, 100)).toBe(undefined);
  });

  test("refuses what is too long", () => {
    expect(stringItem("a".repeat(100), 100)).toBe("a".repeat(100));
    expect(stringItem("a".repeat(101), 100)).toBe(undefined);
    expect(stringItem(`"${"a".repeat(101)}"`, 100)).toBe(undefined);
  });

  test("reads back what is written", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
          maxLength: 50,
        }),
        (text) => {
          const field = challengeField(text, "id");
          expect(stringItem(field, 50)).toBe(text);
        },
      ),
    );
  });
});

test("the fields that ask for a registration and a proof are those of the draft", () => {
  expect(registrationField("/device/register", "c1")).toBe(
    '(ES256 RS256);path="/device/register";challenge="c1"',
  );
  expect(challengeField("c1", "handle")).toBe('"c1";id="handle"');
});

describe("skippedSessions", () => {
  test.each([
    [
      'unreachable;session_identifier="123", quota_exceeded;session_identifier="456"',
      ["unreachable 123", "quota_exceeded 456"],
    ],
    ["server_error;session_identifier=abc", ["server_error abc"]],
    ["quota_exceeded", ["quota_exceeded undefined"]],
    ['unreachable;session_identifier="1",x y', ["unreachable 1"]],
    [undefined, []],
    ["", []],
    ["\u0000", []],
  ])("reads %j", (field, expected) => {
    expect(skippedSessions(field).map((it) => `${it.reason} ${it.sessionIdentifier}`)).toEqual(expected);
  });

  test("reads no more than a few", () => {
    expect(skippedSessions("unreachable,".repeat(50))).toHaveLength(8);
  });
});
