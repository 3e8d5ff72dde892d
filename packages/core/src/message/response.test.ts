import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { Header } from "../http/header.ts";
import { type Body, cancelBody, Response } from "./response.ts";
import { STATUS_CODE_REASON_PHRASE } from "../http/status.ts";

describe("a response", () => {
  test("is 501 until it is told otherwise", () => {
    expect({ ...new Response() }).toEqual({
      statusCode: 501,
      reasonPhrase: "Not Implemented",
      headers: [],
      body: undefined,
    });
  });

  test("is made from a number or an entry of the table", () => {
    for (const status of [201, STATUS_CODE_REASON_PHRASE.n201_created]) {
      expect(new Response(status)).toMatchObject({ statusCode: 201, reasonPhrase: "Created" });
    }
  });

  test("is built up field by field, as in the original", () => {
    const response = new Response();
    response.statusCode = STATUS_CODE_REASON_PHRASE.n200_ok.statusCode;
    response.reasonPhrase = STATUS_CODE_REASON_PHRASE.n200_ok.reasonPhrase;
    response.headers.push({ name: "Set-Cookie", value: "a=1" });
    expect(response.header("set-cookie")).toBe("a=1");
  });

  test.each<[Response, string | undefined, Body]>([
    [Response.text(200, "é"), "text/plain; charset=utf-8", "é"],
    [Response.html(200, "<p>"), "text/html; charset=utf-8", "<p>"],
    [Response.json(200, { a: [1, null] }), "application/json", '{"a":[1,null]}'],
    [Response.bytes(200, new Uint8Array([1])), "application/octet-stream", new Uint8Array([1])],
    [Response.bytes(200, new Uint8Array([1]), "image/png"), "image/png", new Uint8Array([1])],
    [Response.empty(204), undefined, undefined],
  ])("%# of a kind has its type", (response, type, body) => {
    expect(response.header("content-type")).toBe(type);
    expect(response.body).toEqual(body);
  });

  test("of JSON needs a value that has one", () => {
    for (const value of [undefined, () => 1, Symbol("a")]) {
      expect(() => Response.json(200, value)).toThrow(/has no JSON/);
    }
    expect(() => Response.json(200, 1n)).toThrow(TypeError);
  });

  test("adds and sets fields", () => {
    const response = Response.text(200, "").appendHeader("A", "1").appendHeader("a", "2");
    expect(response.headers).toHaveLength(3);
    response.setHeader("A", "3");
    expect(response.headers.filter(({ name }) => name.toLowerCase() === "a")).toEqual([new Header("A", "3")]);
    expect(() => response.setHeader("A", "\n")).toThrow(TypeError);
    expect(() => response.appendHeader("A\n", "")).toThrow(TypeError);
  });

  test("of one kind does not share what can be changed with another", () => {
    Response.text(200, "").setHeader("Content-Type", "x/y").headers.push(new Header("A", "1"));
    expect(Response.text(200, "").headers).toEqual([new Header("Content-Type", "text/plain; charset=utf-8")]);
    expect(() => {
      (Response.text(200, "").headers[0] as Header).value = "x/y";
    }).toThrow(TypeError);
  });

  test("is cloned with its own list of headers", () => {
    const shared = Response.text(200, "a");
    const copy = shared.clone().appendHeader("A", "1");
    copy.statusCode = 201;
    expect([shared.statusCode, shared.headers.length, copy.body]).toEqual([200, 1, "a"]);
  });
});

describe("a redirect", () => {
  test.each([
    ["/a?b=c#d", "/a?b=c#d"],
    ["https://example.org/", "https://example.org/"],
    ["/caf\u00e9 ✓", "/caf%C3%A9%20%E2%9C%93"],
    ["/a%20b", "/a%20b"],
    ["/\ud800", "/%EF%BF%BD"],
  ])("to %j says %s", (location, expected) => {
    expect(Response.redirect(303, location).header("location")).toBe(expected);
  });

  test.each(["/a\r\nSet-Cookie: a=b", "/\n", "/\0", "/é\r"])("to %j is refused", (location) => {
    expect(() => Response.redirect(303, location)).toThrow(TypeError);
  });

  test("needs a status that redirects", () => {
    for (const status of [200, 204, 309, 400])
      expect(() => Response.redirect(status, "/")).toThrow(RangeError);
    for (const status of [201, 301, 302, 303, 307, 308])
      expect(Response.redirect(status, "/").statusCode).toBe(status);
  });
});

describe("a body that nobody will read", () => {
  test("is let go, of whatever kind it is", async () => {
    const ended: string[] = [];
    const node = new Readable({ destroy: (_error, done) => (ended.push("node"), done(null)) });
    const web = new ReadableStream({ cancel: () => void ended.push("web") });
    const iterator = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true as const, value: undefined }),
        return: async () => (ended.push("iterator"), { done: true as const, value: undefined }),
      }),
    };
    for (const body of [node, web, iterator, "text", undefined, new Uint8Array()]) cancelBody(body);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended.toSorted()).toEqual(["iterator", "node", "web"]);
  });

  test("may refuse to be let go, and nothing is thrown", async () => {
    const stubborn = () => {
      throw new Error("no");
    };
    cancelBody(new ReadableStream({ cancel: stubborn }));
    cancelBody({ [Symbol.asyncIterator]: stubborn });
    cancelBody(new Readable({ destroy: (_error, done) => done(new Error("no")) }));
    await expect(new Promise((resolve) => setImmediate(resolve, "quiet"))).resolves.toBe("quiet");
  });
});
