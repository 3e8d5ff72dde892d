import { expect, test } from "vitest";
import { parseExtValue } from "./ext-value.ts";

test.each([
  ["UTF-8''%E2%82%AC%20rates", "€ rates"],
  ["utf-8'en'na%C3%AFve.txt", "naïve.txt"],
  ["iso-8859-1'en'%A3%20rates", "£ rates"],
  ["UTF-8''", ""],
  ["UTF-8''%c0%af", undefined],
  ["UTF-8''a b", undefined],
  ["UTF-8''%ZZ", undefined],
  ["UTF-8'", undefined],
  ["", undefined],
  ["koi8-r''%C0", undefined],
])("%s says %s", (value, text) => expect(parseExtValue(value)).toBe(text));
