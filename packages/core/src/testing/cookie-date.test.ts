import { expect, test } from "vitest";
import { parseCookieDate } from "./cookie-date.ts";

const MOMENT = Date.UTC(1994, 10, 6, 8, 49, 37);

test.each([
  "Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-94 08:49:37 GMT",
  "Sun Nov  6 08:49:37 1994",
  "08:49:37 6 NOVEMBER 1994 (somewhere)",
  "1994;6;nov;8:49:37",
  "Sun, 06 Nov 1994 08:49:37.123 +0200",
  "6x Nov 1994y 08:49:37z",
])("%s is a date, whatever its zone", (text) => expect(parseCookieDate(text)).toBe(MOMENT));

test.each([
  ["1 Jan 69 0:0:0", Date.UTC(2069, 0, 1)],
  ["1 Jan 70 0:0:0", 0],
  ["29 Feb 2024 23:59:59", Date.UTC(2024, 1, 29, 23, 59, 59)],
  ["1 Jan 1601 00:00:00", Date.UTC(1601, 0, 1)],
])("%s is that year", (text, time) => expect(parseCookieDate(text)).toBe(time));

test.each([
  "",
  "tomorrow",
  "06 Nov 1994",
  "06 Nov 08:49:37",
  "06 1994 08:49:37",
  "30 Feb 2024 00:00:00",
  "29 Feb 2023 00:00:00",
  "00 Jan 2024 00:00:00",
  "32 Jan 2024 00:00:00",
  "1 Jan 1600 00:00:00",
  "1 Jan 2024 24:00:00",
  "1 Jan 2024 00:60:00",
  "1 Jan 2024 00:00:60",
  "1 Jan 20245 00:00:00",
  "123 Jan 2024 00:00:00",
  "1 Jan 2024 000:00:00",
])("%j is none", (text) => expect(parseCookieDate(text)).toBeUndefined());
