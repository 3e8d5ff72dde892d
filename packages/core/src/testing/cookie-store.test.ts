import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CookieStore, parseSetCookie } from "./cookie-store.ts";

const url = (path = "/", base = "http://example.org") => new URL(path, base);
const secure = (path = "/") => url(path, "https://example.org");

function storeOf(...cookies: [setCookie: string, from?: URL][]): CookieStore {
  const store = new CookieStore();
  for (const [header, from = url()] of cookies) store.receive(parseSetCookie(header), from);
  return store;
}

test("a Set-Cookie value is taken apart", () => {
  const { name, value, attributes } = parseSetCookie(" a = b=c ; Path=/x; HttpOnly ;max-age = 5");
  expect([name, value, [...attributes]]).toEqual([
    "a",
    "b=c",
    [
      ["path", "/x"],
      ["httponly", ""],
      ["max-age", "5"],
    ],
  ]);
});

describe("a browser's cookies", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
  });
  afterEach(() => vi.useRealTimers());

  test("go back to where they came from, the one with the longest path first", () => {
    const store = storeOf(["a=1; Path=/"], ["a=2; Path=/x/y"], ["a=3; Path=/x"]);
    expect(store.header(url("/"))).toBe("a=1");
    expect(store.header(url("/x/y/z"))).toBe("a=2; a=3; a=1");
    expect(store.header(url("/xy"))).toBe("a=1");
    expect(store.get("a", url("/x"))).toBe("3");
  });

  test("without a path go to where they were set and below", () => {
    const store = storeOf(["a=1", url("/admin/login")]);
    expect(store.header(url("/admin/users"))).toBe("a=1");
    expect(store.header(url("/"))).toBeUndefined();
  });

  test("are replaced by one of the same name, domain and path", () => {
    expect(storeOf(["a=1"], ["b=2"], ["a=3"]).header(url())).toBe("a=3; b=2");
  });

  test.each(["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])(
    "are deleted by %s",
    (end) => {
      expect(storeOf(["a=1; Max-Age=100"], [`a=; ${end}`]).header(url())).toBeUndefined();
    },
  );

  test("are forgotten when their time is over, which Max-Age says before Expires", () => {
    const store = storeOf(["a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], ["b=2"]);
    expect(store.header(url())).toBe("a=1; b=2");
    vi.setSystemTime(1_010_000);
    expect(store.header(url())).toBe("b=2");
  });

  test("that are Secure come and go over TLS alone", () => {
    expect(storeOf(["a=1; Secure"]).header(secure())).toBeUndefined();
    const store = storeOf(["a=1; Secure", secure()]);
    expect(store.header(secure())).toBe("a=1");
    expect(store.header(url())).toBeUndefined();
  });

  test("without a domain go to their own host alone, with one to its subdomains too", () => {
    const store = storeOf(["a=1"], ["b=2; Domain=.example.org"]);
    expect(store.header(url("/", "http://sub.example.org"))).toBe("b=2");
    expect(store.header(url("/", "http://badexample.org"))).toBeUndefined();
    expect(storeOf(["a=1; Domain=other.org"]).header(url("/", "http://other.org"))).toBeUndefined();
  });

  test.each([
    "__Host-a=1; Secure",
    "__Host-a=1; Path=/",
    "__Host-a=1; Secure; Path=/; Domain=example.org",
    "__Secure-a=1",
    "__Http-a=1; Secure",
    "__Host-Http-a=1; Secure; Path=/",
    "__Host-Http-a=1; HttpOnly; Path=/",
    "=__Host-a=1; Secure; Path=/",
    "__HOST-a=1; Secure",
  ])("are refused when they break the promise of their name: %s", (header) => {
    expect(storeOf([header, secure()]).header(secure())).toBeUndefined();
  });

  test.each<[string, string | undefined]>([
    ["a", "a"],
    ["=a", "a"],
    ["a;b=c", "a"],
    ["=", undefined],
    ["  ; Secure", undefined],
    ["a=", "a="],
    [' a = "b c" ; x', 'a="b c"'],
    ["a=b=c; path", "a=b=c"],
    ["\u00a0a=1", "\u00a0a=1"],
    ["a=b\u0001", undefined],
    [`a=${"x".repeat(4095)}`, `a=${"x".repeat(4095)}`],
    [`a=${"x".repeat(4096)}`, undefined],
  ])("come back as they came: %j", (header, sent) => {
    expect(storeOf([header, secure()]).header(secure())).toBe(sent);
  });

  test("pass over attributes that are malformed or too long, and take the last of the good ones", () => {
    const store = storeOf(
      ["a=1; Max-Age=10; Max-Age=soon; Expires=never"],
      ["b=1; Path=/x; Path=y", url("/x/z")],
      [`c=1; Path=/${"x".repeat(1024)}`],
      ["d=1; Domain=other.org; Domain="],
      ["e=1; Max-Age=1.5"],
    );
    expect(store.header(url("/x/y"))).toBe("b=1; a=1; c=1; d=1; e=1");
    vi.setSystemTime(1_010_000);
    expect(store.header(url("/"))).toBe("c=1; d=1; e=1");
  });

  test("never belong to a registry, nor to a part of an address", () => {
    expect(storeOf(["a=1; Domain=org"]).header(url())).toBeUndefined();
    const ip = url("/", "http://10.1.2.3");
    expect(storeOf(["a=1; Domain=2.3", ip]).header(ip)).toBeUndefined();
    expect(storeOf(["a=1; Domain=10.1.2.3", ip]).header(ip)).toBe("a=1");
    const local = url("/", "http://localhost");
    expect(storeOf(["a=1; Domain=localhost", local]).header(local)).toBe("a=1");
    expect(storeOf(["a=1; Domain=..example.org"]).header(url())).toBeUndefined();
  });

  test("that came over TLS are not overwritten in the clear", () => {
    const store = storeOf(
      ["a=1; Secure; Path=/x", secure()],
      ["a=2; Path=/x"],
      ["a=3; Path=/x/y; Domain=example.org"],
      ["a=4; Path=/"],
    );
    expect(store.header(url("/x/y"))).toBe("a=4");
    expect(store.header(secure("/x/y"))).toBe("a=1; a=4");
  });

  test("are kept when they keep it", () => {
    expect(
      storeOf(["__Host-Http-a=1; Secure; HttpOnly; Path=/", secure()]).get("__Host-Http-a", secure()),
    ).toBe("1");
    expect(storeOf(["__Host-a=1; Secure; Path=/", secure("/x/y")]).header(secure())).toBe("__Host-a=1");
  });

  test("can be cleared", () => {
    const store = storeOf(["a=1"]);
    store.clear();
    expect(store.header(url())).toBeUndefined();
  });
});
