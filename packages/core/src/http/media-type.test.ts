import { expect, test } from "vitest";
import { mediaTypeOf } from "./media-type.ts";

test.each([
  ["index.html", "text/html; charset=utf-8"],
  ["APP.JS", "text/javascript; charset=utf-8"],
  ["css/site.min.css", "text/css; charset=utf-8"],
  ["data.json", "application/json"],
  ["logo.svg", "image/svg+xml"],
  ["font.woff2", "font/woff2"],
  ["page.html.gz", "application/gzip"],
  ["LICENSE", "application/octet-stream"],
  ["archive.unheard-of", "application/octet-stream"],
  ["name.", "application/octet-stream"],
  ["x.constructor", "application/octet-stream"],
  ["x.__proto__", "application/octet-stream"],
])("the media type of %s is %s", (name, type) => {
  expect(mediaTypeOf(name)).toBe(type);
});

test("an own type goes before the table", () => {
  expect(mediaTypeOf("a.ts", { ts: "video/mp2t" })).toBe("video/mp2t");
  expect(mediaTypeOf("a.js", { js: "text/plain" })).toBe("text/plain");
});
