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
    "=1",
  ])("are refused when they break the promise of their name: %s", (header) => {
    expect(storeOf([header, secure()]).header(secure())).toBeUndefined();
  });

  test("are kept when they keep it", () => {
    expect(storeOf(["__Host-a=1; Secure; Path=/", secure("/x/y")]).header(secure())).toBe("__Host-a=1");
  });

  test("can be cleared", () => {
    const store = storeOf(["a=1"]);
    store.clear();
    expect(store.header(url())).toBeUndefined();
  });
});
