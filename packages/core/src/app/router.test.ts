import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTarget } from "../http/path.ts";
import { Router } from "./router.ts";

function routerOf(...patterns: string[]): Router<string> {
  const router = new Router<string>();
  for (const pattern of patterns) router.add("GET", pattern, pattern);
  return router.compile();
}

describe("a router", () => {
  test("prefers literals to parameters, and parameters to wildcards", () => {
    const router = routerOf("/users/me", "/users/:id", "/users/*rest", "/*all");
    expect(router.find("GET", "/users/me")?.target).toBe("/users/me");
    expect(router.find("GET", "/users/you")).toMatchObject({ target: "/users/:id", params: { id: "you" } });
    expect(router.find("GET", "/users/a/b")).toMatchObject({
      target: "/users/*rest",
      params: { rest: "a/b" },
    });
    expect(router.find("GET", "/a/b")).toMatchObject({ target: "/*all", params: { all: "a/b" } });
  });

  test("matches the whole path, and no other spelling of it", () => {
    const router = routerOf("/a", "/b/");
    expect(router.find("GET", "/a")?.target).toBe("/a");
    for (const path of ["/a/", "//a", "/A", "/b", "/a%2F", "/", "*", ""]) {
      expect(router.find("GET", path)).toBeUndefined();
    }
  });

  test("has no parameter for an empty segment, but a wildcard for an empty rest", () => {
    const router = routerOf("/u/:id", "/f/*path", "/u/:id/x");
    expect(router.find("GET", "/u/")).toBeUndefined();
    expect(router.find("GET", "/u//x")).toBeUndefined();
    expect(router.find("GET", "/f/")).toMatchObject({ params: { path: "" } });
  });

  test("gives a parameter as it was before it was encoded, whatever it holds", () => {
    const router = routerOf("/p/:value", "/w/*value");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 }), (value) => {
        fc.pre(!/^\.{1,2}$/.test(value));
        for (const prefix of ["/p/", "/w/"]) {
          const { path } = parseTarget(prefix + encodeURIComponent(value));
          expect(router.find("GET", path)?.params["value"]).toBe(value);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("never takes an encoded slash for a slash", () => {
    const router = routerOf("/a/b", "/:one");
    expect(router.find("GET", parseTarget("/a%2fb").path)).toMatchObject({ params: { one: "a/b" } });
    expect(router.find("GET", parseTarget("/a%252fb").path)).toMatchObject({ params: { one: "a%2fb" } });
  });

  test("matches what is written decoded in a pattern, however it is sent", () => {
    const router = routerOf("/café/a b/@x!");
    for (const sent of ["/caf%C3%A9/a%20b/@x!", "/caf%c3%a9/a%20b/%40%78%21"]) {
      expect(router.find("GET", parseTarget(sent).path)?.target).toBe("/café/a b/@x!");
    }
  });

  test("refuses a parameter of more than 1024 characters with 414", () => {
    const router = routerOf("/p/:value");
    expect(router.find("GET", `/p/${"x".repeat(1024)}`)?.params["value"]).toHaveLength(1024);
    expect(() => router.find("GET", `/p/${"x".repeat(1025)}`)).toThrow(
      expect.objectContaining({ statusCode: 414 }),
    );
  });

  test("refuses two routes of one shape, naming both", () => {
    const router = routerOf("/u/:id");
    expect(() => router.add("GET", "/u/:name", "")).toThrow(
      'GET "/u/:name" is registered already, as "/u/:id"',
    );
    expect(() => router.add("POST", "/u/:name", "")).not.toThrow();
  });

  test("keeps the names of each method's route", () => {
    const router = routerOf("/u/:id");
    router.add("POST", "/u/:name", "");
    expect(router.find("GET", "/u/1")?.params).toEqual({ id: "1" });
    expect(router.find("POST", "/u/1")?.params).toEqual({ name: "1" });
  });

  test("knows the methods of a path", () => {
    const router = routerOf("/a");
    router.add("POST", "/a", "");
    router.add("PUT", "/b", "");
    expect(router.allowed("/a")).toEqual(["GET", "HEAD", "OPTIONS", "POST"]);
    expect(router.allowed("/b")).toEqual(["OPTIONS", "PUT"]);
    expect(router.allowed("/c")).toEqual([]);
    expect(router.allowed("*")).toEqual(["GET", "HEAD", "OPTIONS", "POST", "PUT"]);
  });

  test.each(["constructor", "__proto__", "toString", "BREW", ""])(
    "finds nothing for the method %j",
    (method) => {
      expect(routerOf("/a").find(method, "/a")).toBeUndefined();
    },
  );

  test("gives parameters named like members of Object their values alone", () => {
    const { params } = routerOf("/:constructor/:toString").find("GET", "/a/b") ?? {};
    expect({ ...params }).toEqual({ constructor: "a", toString: "b" });
  });
});
