import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHttpDate } from "./http-date.ts";

const NOVEMBER = Date.UTC(1994, 10, 6, 8, 49, 37);

describe("a date in a field", () => {
  test.each(["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])(
    "is read from %s",
    (text) => {
      expect(parseHttpDate(text)).toBe(NOVEMBER);
    },
  );

  test.each([undefined, "", "0", "1994", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 +0200", "never"])(
    "is not read from %s",
    (text) => {
      expect(parseHttpDate(text)).toBeUndefined();
    },
  );

  test("that we write is read back, to the second", () => {
    const dates = fc.date({ min: new Date(0), max: new Date("2099-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(dates, (date) => {
        expect(parseHttpDate(date.toUTCString())).toBe(Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
  });
});
