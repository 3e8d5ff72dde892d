import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addToList, assertHeader, findHeader, Header, isHeaderName } from "./header.ts";

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
      expect(isHeaderName(a, b.toLowerCase())).toBe(a.toLowerCase() === b.toLowerCase());
      expect(isHeaderName(a, a.toLowerCase())).toBe(true);
    }),
  );
  expect(isHeaderName("^", "~")).toBe(false);
});

test("names are compared without regard to case", () => {
  expect(isHeaderName("Set-Cookie", "set-cookie")).toBe(true);
  expect(isHeaderName("Set-Cookies", "set-cookie")).toBe(false);
});

test("the first of several fields is found", () => {
  const headers = [new Header("A", "1"), new Header("a", "2")];
  expect(findHeader(headers, "a")).toBe("1");
  expect(findHeader(headers, "b")).toBeUndefined();
});

describe("adding to a list", () => {
  test("adds the field, later the members that it has not, and leaves the other's object as it was", () => {
    const headers: Header[] = [];
    addToList(headers, new Header("Vary", "Accept"));
    const [first] = headers;
    addToList(headers, new Header("vary", "Cookie"));
    addToList(headers, new Header("Vary", "accept, Origin"));
    expect(headers).toEqual([{ name: "Vary", value: "Accept, Cookie, Origin" }]);
    expect(first).toEqual({ name: "Vary", value: "Accept" });
  });

  test("adds nothing to a star", () => {
    const headers = [new Header("Vary", "*")];
    addToList(headers, new Header("Vary", "Cookie"));
    expect(headers).toEqual([{ name: "Vary", value: "*" }]);
  });
});
