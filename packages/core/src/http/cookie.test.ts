import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CookieJar, cookieValue, SetCookie, type SetCookieAttributes } from "./cookie.ts";

describe("reading a Cookie field", () => {
  test.each<[string, string, string | undefined]>([
    ["a=1; b=2", "a", "1"],
    ["a=1; b=2", "b", "2"],
    ["a=1; a=2", "a", "1"],
    ["aa=1; a=2", "a", "2"],
    ["xa=1; a=2", "a", "2"],
    ["a=b=c", "a", "b=c"],
    ["a=", "a", ""],
    ["a", "a", undefined],
    ["a;a=2", "a", "2"],
    [";;a=1;;", "a", "1"],
    [" \t a \t= \t1 \t; b=2", "a", "1"],
    ['a="quoted"', "a", '"quoted"'],
    ["a=%20", "a", "%20"],
    ["A=1", "a", undefined],
    ["b=a=1", "a", undefined],
    ["", "a", undefined],
    ["__proto__=1", "__proto__", "1"],
    // Only SP and HTAB are blanks: a no-break space belongs to the name.
    ["\xa0a=1; b=2", "a", undefined],
    ["a\xa0=1", "a", undefined],
    ["a= \xa01\xa0 ", "a", "\xa01\xa0"],
  ])("in %j, %s is %j", (header, name, expected) => {
    expect(cookieValue(header, name)).toBe(expected);
    expect(CookieJar.parse(header).get(name)?.value).toBe(expected);
  });

  test("one cookie or all of them: both ways agree, whatever was sent", () => {
    const piece = fc.constantFrom("a", "b", "ab", "=", ";", " ", "\t", '"', ",", "1", "__proto__");
    const header = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(header, fc.constantFrom("a", "b", "ab", "1"), (text, name) => {
        expect(cookieValue(text, name)).toBe(CookieJar.parse(text).get(name)?.value);
      }),
      { numRuns: 2000 },
    );
  });

  test("without the field there is no cookie", () => {
    expect(cookieValue(undefined, "a")).toBeUndefined();
  });

  test("repeated names keep their order", () => {
    const jar = CookieJar.parse("a=1; b=2; a=3");
    expect(jar.getAll("a").map(({ value }) => value)).toEqual(["1", "3"]);
    expect([...jar]).toHaveLength(3);
    expect([jar.size, jar.has("b"), jar.has("c")]).toEqual([3, true, false]);
  });
});

describe("writing a Set-Cookie field", () => {
  test("in full", () => {
    const cookie = new SetCookie("__Secure-a", "1", {
      domain: "example.org",
      path: "/p",
      maxAge: 60,
      expires: new Date(0),
      httpOnly: true,
      secure: true,
      sameSite: "None",
      partitioned: true,
    });
    expect(cookie.toString()).toBe(
      "__Secure-a=1; Domain=example.org; Path=/p; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None; Partitioned",
    );
  });

  test("with some attributes changed", () => {
    const cookie = new SetCookie("a", "1", { path: "/", httpOnly: true });
    expect(cookie.with({ maxAge: 0 }).toString()).toBe("a=1; Path=/; Max-Age=0; HttpOnly");
    expect(cookie.toString()).toBe("a=1; Path=/; HttpOnly");
  });

  test("what was written is read back", () => {
    const name = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
    const value = fc.stringMatching(/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{0,30}$/);
    fc.assert(
      fc.property(name, value, (one, other) => {
        fc.pre(!/^__(?:host|secure)-/i.test(one));
        expect(cookieValue(`x=y; ${new SetCookie(one, other).toString()}`, one)).toBe(
          one === "x" ? "y" : other,
        );
      }),
    );
  });

  test("nothing that ends the value or the field gets through", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 5 }),
        fc.constantFrom(...'\r\n\0; ,"\\é'),
        (text, bad) => {
          expect(() => new SetCookie("a", `${text}x${bad}x`)).toThrow(/encode it/);
          expect(() => new SetCookie(`a${bad}`, "1")).toThrow(/token/);
        },
      ),
    );
  });

  test.each<[string, string, SetCookieAttributes, RegExp]>([
    ["", "1", {}, /token/],
    ["a", "1", { path: "p" }, /path/],
    ["a", "1", { path: "/;HttpOnly" }, /path/],
    ["a", "1", { path: "/\r\n" }, /path/],
    ["a", "1", { domain: "" }, /domain/],
    ["a", "1", { domain: "a;b" }, /domain/],
    ["__Http-a", "1", { secure: true }, /__Http-/],
    ["__Http-a", "1", { httpOnly: true }, /__Http-/],
    ["__Host-Http-a", "1", { secure: true, path: "/" }, /__Http-/],
    ["a", "x".repeat(4096), {}, /4097 bytes.*more than 4096/],
    ["a", "1", { path: `/${"x".repeat(1024)}` }, /attribute of more than 1024/],
    ["a", "1", { maxAge: 1.5 }, /whole number/],
    ["a", "1", { maxAge: Number.NaN }, /whole number/],
    ["a", "1", { expires: new Date("x") }, /date/],
    ["a", "1", { sameSite: "lax" as never }, /sameSite/],
    ["a", "1", { sameSite: "None" }, /secure: true/],
    ["a", "1", { partitioned: true }, /secure: true/],
    ["__Secure-a", "1", {}, /__Secure-/],
    ["__Host-a", "1", { secure: true }, /__Host-/],
    ["__Host-a", "1", { path: "/" }, /__Host-/],
    ["__Host-a", "1", { secure: true, path: "/", domain: "a.b" }, /__Host-/],
    ["__host-a", "1", {}, /__Host-/],
  ])("a cookie that no browser would take is refused: %s=%s %j", (name, value, attributes, message) => {
    expect(() => new SetCookie(name, value, attributes)).toThrow(message);
  });
});
