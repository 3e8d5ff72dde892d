import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseParameterised } from "./field-parameters.ts";

describe("a value with parameters", () => {
  test.each<[string, string, Record<string, string>]>([
    ["form-data", "form-data", {}],
    ['Form-Data ; NAME="a" ;filename=b', "form-data", { name: "a", filename: "b" }],
    ['x; a="b;c=\\"d\\""', "x", { a: 'b;c="d"' }],
    ['x; a="C:\\dir\\file"', "x", { a: "C:\\dir\\file" }],
    ["x; a=b;", "x", { a: "b" }],
    ["x;;a=b", "x", { a: "b" }],
    ['x; a=""', "x", { a: "" }],
    ["", "", {}],
  ])("%s", (field, value, parameters) => {
    const parsed = parseParameterised(field);
    expect(parsed?.value).toBe(value);
    expect(Object.fromEntries(parsed?.parameters ?? [])).toEqual(parameters);
  });

  test.each(['x; a="b', "x; a=b c=d", "x; a", "x; =b", 'x; a="b"c', "x; a=1; A=2", 'x; a="\\"'])(
    "%s is malformed",
    (field) => {
      expect(parseParameterised(field)).toBeUndefined();
    },
  );

  test("gives back whatever was quoted", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        const quoted = text.replaceAll(/["\\]/g, "\\$&");
        expect(parseParameterised(`x; a="${quoted}"; b=c`)?.parameters.get("a")).toBe(text);
      }),
    );
  });

  test("is read in a time that grows with its length alone", () => {
    for (const hard of [
      `x${"; ".repeat(50_000)}=`,
      `x; a="${"\\".repeat(100_000)}`,
      `x;${" ".repeat(100_000)}=`,
    ]) {
      expect(parseParameterised(hard)).toBeUndefined();
    }
  });
});
