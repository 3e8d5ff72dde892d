import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentDisposition } from "./content-disposition.ts";
import { assertHeader } from "./header.ts";

/** Code units one by one: halves of pairs, controls and all. */
const anyText = fc.array(fc.nat(0xff_ff)).map((codes) => String.fromCharCode(...codes));

describe("the name of a download", () => {
  test.each([
    ["report.pdf", 'attachment; filename="report.pdf"'],
    ["a b;c=d,e.txt", 'attachment; filename="a b;c=d,e.txt"'],
    ["naïve.txt", "attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt"],
    ["€ rates.txt", "attachment; filename=\"_ rates.txt\"; filename*=UTF-8''%E2%82%AC%20rates.txt"],
    ["😀.png", "attachment; filename=\"_.png\"; filename*=UTF-8''%F0%9F%98%80.png"],
    ["100%41.txt", "attachment; filename=\"100_41.txt\"; filename*=UTF-8''100%2541.txt"],
    ['a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"],
    ["it's (1)*.txt", 'attachment; filename="it\'s (1)*.txt"'],
    ["é'(*).txt", "attachment; filename=\"_'(*).txt\"; filename*=UTF-8''%C3%A9%27%28%2A%29.txt"],
    ["../../etc/passwd", 'attachment; filename="passwd"'],
    ["C:\\Users\\ann\\x.txt", 'attachment; filename="x.txt"'],
    ["a\r\nSet-Cookie: b=1.txt", 'attachment; filename="a__Set-Cookie: b=1.txt"'],
    ["photo\u202egpj.exe", 'attachment; filename="photo_gpj.exe"'],
    ["a\0.txt", 'attachment; filename="a_.txt"'],
    ["", "attachment"],
    ["  ", "attachment"],
    ["x/", "attachment"],
  ])("%j is sent as %s", (name, expected) => {
    expect(contentDisposition("attachment", name)).toBe(expected);
  });

  test("is optional, and inline where it is to be shown", () => {
    expect(contentDisposition("inline")).toBe("inline");
    expect(contentDisposition("inline", "a.pdf")).toBe('inline; filename="a.pdf"');
  });

  test("that is no string is refused", () => {
    expect(() => contentDisposition("attachment", 1 as never)).toThrow(
      "contentDisposition: the file's name is a number",
    );
  });

  test("makes a good field of anything, with two parameters at the most, and is read back whole", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        const value = contentDisposition("attachment", name);
        assertHeader("Content-Disposition", value);
        const match =
          /^attachment(?:; filename="([^"\\%]*)"(?:; filename\*=UTF-8''([A-Za-z0-9!#$&+\-.^_`|~%]+))?)?$/.exec(
            value,
          );
        expect(match).not.toBeNull();
        const extended = match?.[2];
        expect(extended === undefined ? "" : decodeURIComponent(extended)).not.toMatch(/[/\\\r\n\0]/);
      }),
    );
  });
});
