import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntries, encodeChanges, encodeEntries } from "./encoding.ts";
import { changesOf, JsonText, Session, type SessionRecord, toStored } from "./session.ts";

const data = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" }));

describe("data outside of memory", () => {
  test("entries come back as they were", () => {
    fc.assert(
      fc.property(data, (object) => {
        const entries = Object.entries(object).flatMap(([key, value]) => [key, toStored(key, value)]);
        expect(decodeEntries(encodeEntries(entries))).toEqual(entries);
      }),
    );
  });

  test("changes are what to set, and what to remove", () => {
    const session = new Session<Record<string, unknown>>({
      id: "a",
      entries: ["b", 1],
    } as unknown as SessionRecord);
    session.set("a\0", ["x"]);
    session.set("n", null);
    session.remove("b");
    expect(encodeChanges(changesOf(session))).toEqual({
      set: [
        [String.raw`a\u0000`, '["x"]'],
        ["n", "null"],
      ],
      removed: ["b"],
    });
  });

  test("objects stay text until they are asked for", () => {
    expect(decodeEntries([["a", '{"b":1}']])).toEqual(["a", new JsonText('{"b":1}')]);
  });

  test("what was not written by a store is not read", () => {
    expect(() => decodeEntries([["a", "nonsense"]])).toThrow(SyntaxError);
    expect(() => decodeEntries([['"', "1"]])).toThrow(SyntaxError);
  });
});
