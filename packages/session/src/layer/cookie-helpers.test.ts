import { describe, expect, test } from "vitest";
import { destroyCookie, sessionCookie, sessionIdFromRequest } from "./cookie-helpers.ts";

function requestWith(cookie: string | undefined): Parameters<typeof sessionIdFromRequest>[0] {
  return { header: (name) => (name.toLowerCase() === "cookie" ? cookie : undefined) };
}

describe("sessionIdFromRequest", () => {
  test.each([
    ["sid=tok123", "tok123"],
    ["theme=dark; sid=tok123; lang=de", "tok123"],
    ["sid=first; sid=second", "first"],
    [`sid=${"a".repeat(256)}`, "a".repeat(256)],
  ])("finds the id in %j", (cookie, id) => {
    expect(sessionIdFromRequest(requestWith(cookie), "sid")).toBe(id);
  });

  test.each([
    undefined,
    "",
    "other=tok123",
    "xsid=tok123",
    "sid",
    "sid=",
    "sid=a b",
    'sid="tok123"',
    "sid=%41",
    "sid=é",
    `sid=${"a".repeat(257)}`,
  ])("finds none in %j", (cookie) => {
    expect(sessionIdFromRequest(requestWith(cookie), "sid")).toBe(undefined);
  });
});

describe("sessionCookie", () => {
  test("hides the id from scripts and from other sites", () => {
    expect(sessionCookie("tok123", "sid", 3600)).toBe(
      "sid=tok123; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax",
    );
  });

  test.each([
    ["a;b", "sid"],
    ["a\r\nSet-Cookie: x=y", "sid"],
    ["a", "s id"],
    ["a", ""],
  ])("refuses what cannot stand in a cookie: %j %j", (id, name) => {
    expect(() => sessionCookie(id, name, 60)).toThrow(TypeError);
  });

  test("destroyCookie makes the browser forget it", () => {
    expect(destroyCookie("sid")).toBe("sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
  });
});
