import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTarget } from "./path.ts";

describe("a request target", () => {
  test.each([
    ["/", "/", ""],
    ["/a/b?c=d?e", "/a/b", "c=d?e"],
    ["/a?", "/a", ""],
    ["/a#b?c", "/a", ""],
    ["/%61dmin", "/admin", ""],
    ["/%2561", "/%2561", ""],
    ["/a%2fb", "/a%2Fb", ""],
    ["/a%3fb%23", "/a%3Fb%23", ""],
    ["/a%0a%00%7f", "/a%0A%00%7F", ""],
    ["/caf%C3%A9%20%40%3a", "/café @:", ""],
    ["/a//b/", "/a//b/", ""],
    ["//a", "//a", ""],
    ["*", "*", ""],
    ["/*", "/*", ""],
    ["http://host", "/", ""],
    ["HTTPS://host:1/a?b", "/a", "b"],
    ["http://host?b", "/", "b"],
    ["/..a/.b/...", "/..a/.b/...", ""],
  ])("%s has the path %s", (target, path, search) => {
    expect(parseTarget(target)).toMatchObject({ path, search });
  });

  test.each([
    "/%",
    "/%Z1",
    "/%zz",
    "/%ff",
    "/%c0%af",
    "/.",
    "/..",
    "/a/../b",
    "/a/%2e%2E/b",
    "/a/.%2e",
    "/./a",
    "",
    "a",
    "?a",
    "ftp://host/",
    "http:///a",
    "javascript:alert(1)",
    "host:80",
  ])("%j is refused with 400", (target) => {
    expect(() => parseTarget(target)).toThrow(expect.objectContaining({ statusCode: 400 }));
  });

  test("has one path, however its characters are encoded", () => {
    const encodings = (char: string) => {
      const upper = Array.from(Buffer.from(char), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(
        "",
      );
      return /[!-~]/.test(char) && !"/?#%".includes(char) ? [char, upper, upper.toUpperCase()] : [upper];
    };
    const spelt = fc
      .array(
        fc
          .string({ unit: "grapheme", minLength: 1, maxLength: 1 })
          .chain((char) =>
            fc.record({ char: fc.constant(char), spelling: fc.constantFrom(...encodings(char)) }),
          ),
        { minLength: 1, maxLength: 8 },
      )
      .filter((chars) => !/^\.{1,2}$/.test(chars.map(({ char }) => char).join("")));
    fc.assert(
      fc.property(spelt, (chars) => {
        const plain = chars.map(({ char }) => char).join("");
        const { path } = parseTarget(`/${chars.map(({ spelling }) => spelling).join("")}`);
        expect(path).toBe(parseTarget(`/${encodeURIComponent(plain)}`).path);
        expect(decodeURIComponent(path.slice(1))).toBe(plain);
        expect(parseTarget(path.replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent)).path).toBe(path);
      }),
      { numRuns: 1000 },
    );
  });

  test("never gives a path with a dot segment or a control character", () => {
    const piece = fc.constantFrom(
      "/",
      ".",
      "%2e",
      "%2E",
      "%2f",
      "%",
      "25",
      "2e",
      "a",
      "?",
      "#",
      "%00",
      "%0d",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        let path = "/";
        try {
          ({ path } = parseTarget(`/${pieces.join("")}`));
        } catch {
          // Refused, which is as good.
        }
        expect(path).toMatch(/^\/[^\x00-\x1f\x7f]*$/);
        expect(path.split("/")).not.toContain("..");
        expect(path.split("/")).not.toContain(".");
      }),
      { numRuns: 2000 },
    );
  });
});
