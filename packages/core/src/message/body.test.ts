import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeUtf8, limited, parseForm, parseJson, readAll } from "./body.ts";

const refused = (statusCode: number) => expect.objectContaining({ statusCode });

async function* source(chunks: readonly string[], onEnd: () => void = () => {}) {
  try {
    for (const chunk of chunks) yield Buffer.from(chunk);
  } finally {
    onEnd();
  }
}

describe("a limited body", () => {
  test("passes up to its limit, to the byte", async () => {
    expect(Buffer.from(await readAll(limited(source(["12", "é"]), 4))).toString()).toBe("12é");
    await expect(readAll(limited(source(["12", "é"]), 3))).rejects.toEqual(refused(413));
  });

  test("lets go of its source when it is over the limit", async () => {
    let ended = false;
    const body = limited(
      source(["12", "34", "56"], () => (ended = true)),
      3,
    );
    await expect(readAll(body)).rejects.toEqual(refused(413));
    expect(ended).toBe(true);
  });

  test("may be empty", async () => {
    expect(await readAll(limited(source([]), 0))).toHaveLength(0);
  });
});

describe("text", () => {
  test("is UTF-8 or refused", () => {
    expect(decodeUtf8(Buffer.from("naïve ✓"))).toBe("naïve ✓");
    expect(() => decodeUtf8(Buffer.from([0xc3, 0x28]))).toThrow(refused(400));
  });

  test("loses its byte order mark", () => {
    expect(decodeUtf8(Buffer.from("\ufeffa"))).toBe("a");
  });
});

describe("JSON", () => {
  test("is what was sent, for every value without a poisonous key", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!text.includes("__proto__") && !text.includes("constructor"));
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each(["", " ", "{", "undefined", "{'a':1}", "[1,]", "NaN", "\ufeff1", '{"a":1}x'])(
    "%j is refused with 400 and without the parser's words",
    (text) => {
      expect(() => parseJson(text)).toThrow(refused(400));
      expect(() => parseJson(text)).toThrow(/^The body is/);
    },
  );

  test.each([
    '{"__proto__":{"a":1}}',
    '[{"b":{"__proto__":null}}]',
    '{"\\u005f_proto__":{"a":1}}',
    '{"constructor":{"prototype":{"a":1}}}',
    '{"c\\u006fnstructor":{"prototype":1}}',
  ])("%s is refused: it poisons prototypes when it is merged", (text) => {
    expect(() => parseJson(text)).toThrow(refused(400));
  });

  test.each(['{"a":"__proto__"}', '{"constructor":"ACME Ltd"}', '{"constructor":null,"a":"\\u005f"}'])(
    "%s is harmless",
    (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    },
  );
});

describe("JSON with a key that poisons", () => {
  test.each([
    '{"__proto__":1}',
    '[[{"a":[{"__proto__":{}}]}]]',
    '{"\\u005f_proto__":1}',
    '{"\\u005F\\u005fproto\\u005f_":1}',
    '{"constructor":{"prototype":{}}}',
    '{"c\\u006fnstructor":{"prot\\u006ftype":1}}',
    `${"[".repeat(5000)}{"__proto__":1}${"]".repeat(5000)}`,
  ])("is refused: %.60s", (text) => expect(() => parseJson(text)).toThrow(refused(400)));

  test.each([
    '{"constructor":1}',
    '{"constructor":{"a":1}}',
    '"__proto__"',
    '["__proto__"]',
    '{"a":"\\u005f_proto__"}',
    '{"\\u00e9":1}',
  ])("and what only looks like it is not: %s", (text) => expect(parseJson(text)).toEqual(JSON.parse(text)));
});

describe("a form", () => {
  test("keeps the order and repetition of its fields", () => {
    expect([...parseForm("b=1&a=%C3%A9+%2B&b=2&c", 1000)]).toEqual([
      ["b", "1"],
      ["a", "é +"],
      ["b", "2"],
      ["c", ""],
    ]);
  });

  test.each(["a=%", "a=%zz", "%f", "a=%ff"])("%s is refused", (text) => {
    expect(() => parseForm(text, 1000)).toThrow(refused(400));
  });

  test("with a field named __proto__ pollutes nothing", () => {
    const form = parseForm("__proto__=x&__proto__[a]=1", 1000);
    expect(form.get("__proto__")).toBe("x");
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });
});
