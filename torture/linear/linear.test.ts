import { expect, test } from "vitest";
import { growth } from "./growth.ts";
import { parsers } from "./parsers.ts";
import { findRegexes, problemOf, regexes } from "./regexes.ts";

test.each(parsers)("$name: no input holds the loop for more than 50 ms", async (parser) => {
  expect((await growth(parser, "short", 1)()).problems).toEqual([]);
});

test("no regular expression takes more than linear time", async () => {
  expect((await regexes("short")).problems).toEqual([]);
  expect(findRegexes().size).toBeGreaterThan(80);
});

test("the search finds what is there", async () => {
  expect(await problemOf("/^\\s*a\\s*$/", "x.ts")).toBeUndefined();
  expect(await problemOf("/a\\s+$/", "x.ts")).toBeUndefined();
  expect(await problemOf("/\\s+$/", "x.ts")).toContain("vulnerable");
  const quadratic = {
    name: "quadratic",
    bytes: 12 * 1024,
    pieces: [" "],
    read: (text: string) => /\s+$/.test(`${text}a`),
  };
  expect((await growth(quadratic, "short", 1)()).problems).not.toEqual([]);
});
