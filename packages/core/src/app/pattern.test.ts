import { describe, expect, expectTypeOf, test } from "vitest";
import { type Params, parsePattern } from "./pattern.ts";

describe("a pattern", () => {
  test("is taken apart", () => {
    expect(parsePattern("/users/:id/files/*path")).toEqual({
      names: ["id", "path"],
      wildcard: "path",
      shape: "/users/:/files/*",
    });
    expect(parsePattern("/")).toEqual({ names: [], wildcard: undefined, shape: "/" });
    expect(parsePattern("/café/a b/")).toEqual({ names: [], wildcard: undefined, shape: "/café/a b/" });
  });

  test.each([
    ["users", /starts with/],
    ["", /starts with/],
    [undefined as never, /starts with/],
    ["/:", /needs a name/],
    ["/:a-b", /needs a name/],
    ["/:a.json", /needs a name/],
    ["/:__proto__", /needs a name/],
    ["/*", /needs a name/],
    ["/:a/:a", /appears twice/],
    ["/*a/b", /last segment/],
    ["/a//b", /empty segment/],
    ["//", /empty segment/],
    ["/a/../b", /dot segments/],
    ["/.", /dot segments/],
    ["/a?", /not a literal/],
    ["/a(.*)", /not a literal/],
    ["/a:b", /not a literal/],
    ["/a#b", /not a literal/],
    ["/a\\b", /not a literal/],
    ["/a%20b", /decoded/],
  ])("%j is refused, by name", (pattern, message) => {
    expect(() => parsePattern(pattern)).toThrow(message);
    expect(() => parsePattern(pattern)).toThrow(`Route pattern ${JSON.stringify(pattern)}`);
  });
});

test("the types of parameters come from the pattern", () => {
  expectTypeOf<Params<"/users/:id/files/*path">>().toEqualTypeOf<{
    readonly id: string;
    readonly path: string;
  }>();
  expectTypeOf<keyof Params<"/plain">>().toEqualTypeOf<never>();
  expectTypeOf<Params<string>>().toEqualTypeOf<Readonly<Record<string, string>>>();
});
