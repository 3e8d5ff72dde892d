import { array, assert, constantFrom, property } from "fast-check";
import { expect, test } from "vitest";
import { localPath } from "./local-path.ts";

test.each([
  ["/", "/"],
  ["/account", "/account"],
  ["/account?tab=devices#top", "/account?tab=devices#top"],
  ["/a/../b", "/b"],
  ["/café", "/caf%C3%A9"],
  ["/a//b", "/a//b"],
  ["/%2F%2Fevil.example", "/%2F%2Fevil.example"],
  ["/?next=//evil.example", "/?next=//evil.example"],
])("%s is a path of this site", (value, path) => {
  expect(localPath(value, "/home")).toBe(path);
});

test.each([
  null,
  undefined,
  "",
  "account",
  "https://evil.example",
  "javascript:alert(1)",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/\0/evil.example",
  "/.//evil.example",
  "/..//evil.example",
  "/a/..//evil.example",
  "/%2e//evil.example",
  "/%2E%2e//evil.example",
  " //evil.example",
  "/a\r\nSet-Cookie: x=1",
])("%j is none", (value) => {
  expect(localPath(value, "/home")).toBe("/home");
});

test("whatever comes in, a browser that follows the answer stays on this site", () => {
  const pieces = constantFrom(
    "/",
    "\\",
    ".",
    "..",
    "%2e",
    "%2f",
    "@",
    ":",
    "?",
    "#",
    "evil.example",
    "\t",
    " ",
    "http:",
    "é",
  );
  assert(
    property(array(pieces, { maxLength: 8 }), (parts) => {
      const site = "https://ours.example";
      const path = localPath(parts.join(""));
      expect(new URL(path, `${site}/login`).origin).toBe(site);
      // Once more, as when a proxy or a client resolves it first.
      expect(new URL(new URL(path, `${site}/login`).pathname, site).origin).toBe(site);
    }),
  );
});
