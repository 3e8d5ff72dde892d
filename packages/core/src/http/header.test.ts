import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assertHeader, findHeader, Header, isSameName, withMembers } from "./header.ts";

const char = fc.integer({ min: 0, max: 0x2ff }).map((code) => String.fromCharCode(code));
const text = fc.string({ unit: char });

function accepts(name: string, value: string): boolean {
  try {
    assertHeader(name, value);
    return true;
  } catch {
    return false;
  }
}

describe("a header", () => {
  test("carries a name and a value", () => {
    expect(new Header("X-Name", "a value\tü")).toEqual({ name: "X-Name", value: "a value\tü" });
  });

  test("has a name that is a token", () => {
    fc.assert(
      fc.property(text, (name) => {
        const isToken = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name);
        expect(accepts(name, "")).toBe(isToken);
      }),
    );
  });

  test("has a value without any character that ends it", () => {
    fc.assert(
      fc.property(text, (value) => {
        const isClean = [...value].every((one) => {
          const code = one.charCodeAt(0);
          return code === 9 || (code >= 32 && code !== 127 && code < 256);
        });
        expect(accepts("a", value)).toBe(isClean);
      }),
    );
  });

  test("is refused without its value in the message, which may be a secret", () => {
    expect(() => new Header("Authorization", "secret\r\n")).toThrow(/^(?!.*secret).*Authorization/);
  });

  test("is refused with a message that says what is wrong", () => {
    expect(() => assertHeader("a b", "")).toThrow('Header name "a b" is not a token');
    expect(() => assertHeader("a", "b\r\nc")).toThrow("encode it first");
  });

  test.each([null, undefined, 5, ["a"]])("is refused with the value %j", (value) => {
    expect(() => new Header("a", value as never)).toThrow(/not a string/);
  });
});

describe("a constant header", () => {
  const header = Header.constant("X-Name", "value");

  test("is a header that nobody can change", () => {
    expect(header).toEqual({ name: "X-Name", value: "value" });
    expect(header).toBeInstanceOf(Header);
    expect(() => (header.value = "another\r\n")).toThrow(TypeError);
  });

  test("is checked when it is made", () => {
    expect(() => Header.constant("a b", "")).toThrow("is not a token");
    expect(() => Header.constant("a", "b\r\nc")).toThrow("encode it first");
  });
});

test("names are compared as they are in lower case", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }), fc.string({ unit: "binary-ascii" }), (a, b) => {
      expect(isSameName(a, b)).toBe(a.toLowerCase() === b.toLowerCase());
      expect(isSameName(a, a.toUpperCase())).toBe(true);
    }),
  );
  expect(isSameName("^", "~")).toBe(false);
  expect(isSameName("@", "`")).toBe(false);
  expect(isSameName("[", "{")).toBe(false);
});

test("names are compared without regard to case", () => {
  expect(isSameName("Set-Cookie", "set-cookie")).toBe(true);
  expect(isSameName("Set-Cookies", "set-cookie")).toBe(false);
});

test("the first of several fields is found", () => {
  const headers = [new Header("A", "1"), new Header("a", "2")];
  expect(findHeader(headers, "a")).toBe("1");
  expect(findHeader(headers, "b")).toBeUndefined();
});

describe("adding members to a list", () => {
  test("adds the field, later the members that it has not, and writes to nothing that it was given", () => {
    const none: Header[] = [];
    const one = withMembers(none, new Header("Vary", "Accept"));
    const more = withMembers(one, new Header("vary", "Cookie"));
    const same = withMembers(more, new Header("Vary", "accept, Origin"));
    expect([none, one, more, same]).toEqual([
      [],
      [{ name: "Vary", value: "Accept" }],
      [{ name: "Vary", value: "Accept, Cookie" }],
      [{ name: "Vary", value: "Accept, Cookie, Origin" }],
    ]);
  });

  test("keeps the other fields in their places", () => {
    const headers = [new Header("A", "1"), new Header("Vary", "Accept"), new Header("B", "2")];
    expect(withMembers(headers, new Header("Vary", "Cookie")).map(({ value }) => value)).toEqual([
      "1",
      "Accept, Cookie",
      "2",
    ]);
    expect(withMembers(headers, new Header("C", "3")).map(({ value }) => value)).toEqual([
      "1",
      "Accept",
      "2",
      "3",
    ]);
  });

  test("adds nothing to a star", () => {
    const headers = [new Header("Vary", "*")];
    expect(withMembers(headers, new Header("Vary", "Cookie"))).toEqual([{ name: "Vary", value: "*" }]);
  });
});
