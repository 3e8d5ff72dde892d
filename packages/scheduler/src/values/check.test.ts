import { describe, expect, test } from "vitest";
import {
  checkOptions,
  milliseconds,
  oneOf,
  pointInTime,
  show,
  typeOf,
  wholeNumber,
  withMethods,
} from "./check.ts";

const checks = {
  graceMs: milliseconds(0, { orInfinity: true }),
  timeoutMs: milliseconds(1),
  attempts: { required: wholeNumber(1, 9) },
  overlap: oneOf("skip", "queue"),
  name: typeOf("string"),
  until: pointInTime,
  once: withMethods("what redisOnce() gives", "claim"),
};
const check = (options: unknown) => () => checkOptions("It", options, checks);

test("what is right passes, and undefined is as good as left out", () => {
  expect(
    check({ attempts: 1, graceMs: Infinity, timeoutMs: undefined, until: new Date(), once: { claim() {} } }),
  ).not.toThrow();
});

describe("what is wrong is named, with what is taken and what it was", () => {
  test.each<[unknown, new (...args: never[]) => Error, string]>([
    [5, TypeError, "It: its options must be an object; it was 5."],
    [[], TypeError, "It: its options must be an object; it was []."],
    [{ attempts: 1, gracems: 5 }, TypeError, 'It: unknown option "gracems"; did you mean "graceMs"?'],
    [{ attempts: 1, timoutMs: 5 }, TypeError, 'unknown option "timoutMs"; did you mean "timeoutMs"?'],
    [{ attempts: 1, zzz: 5 }, TypeError, 'unknown option "zzz"; known are graceMs, timeoutMs'],
    [{}, TypeError, "It: attempts is missing."],
    [{ attempts: 1.5 }, RangeError, "It: attempts must be a whole number from 1 to 9; it was 1.5."],
    [{ attempts: "1" }, TypeError, 'attempts must be a whole number from 1 to 9; it was "1".'],
    [
      { attempts: 1, timeoutMs: Infinity },
      RangeError,
      "a number of milliseconds, 1 or more; it was Infinity.",
    ],
    [{ attempts: 1, graceMs: Number.NaN }, RangeError, "0 or more, or Infinity; it was NaN."],
    [{ attempts: 1, graceMs: 5n }, TypeError, "it was 5."],
    [{ attempts: 1, overlap: "SKIP" }, RangeError, 'it was "SKIP". Did you mean "skip"?'],
    [{ attempts: 1, name: Symbol("x") }, TypeError, "name must be a string; it was Symbol(x)."],
    [{ attempts: 1, until: "2026" }, TypeError, "until must be a valid Date or milliseconds since 1970"],
    [{ attempts: 1, until: new Date("x") }, RangeError, "it was an invalid Date."],
    [{ attempts: 1, once: {} }, TypeError, "once must be what redisOnce() gives; it has no claim()."],
    [{ attempts: 1, once: "x" }, TypeError, 'once must be what redisOnce() gives; it was "x".'],
  ])("%o", (options, type, message) => {
    expect(check(options)).toThrow(type);
    expect(check(options)).toThrow(message);
  });
});

test("whatever a value is, it can be shown, and shortly", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  for (const value of [
    circle,
    Object.create(null),
    {
      toJSON: () => {
        throw new Error("no");
      },
    },
    "x".repeat(1e6),
  ]) {
    expect(show(value).length).toBeLessThan(110);
  }
});
