import { expect, test } from "vitest";
import { parseContentType } from "./content-type.ts";

test.each([
  ["application/json", "application/json", undefined],
  ["Application/JSON ; Charset=UTF-8", "application/json", "utf-8"],
  ['text/plain; format=flowed; charset="utf-8"', "text/plain", "utf-8"],
  ["text/plain; charset=a; charset=b", "text/plain", "a"],
  ["", "", undefined],
  [";", "", undefined],
])("%j", (value, type, charset) => {
  expect(parseContentType(value)).toEqual({ type, charset });
});
