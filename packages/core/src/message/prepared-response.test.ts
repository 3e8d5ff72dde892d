import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { prepareResponse } from "./prepared-response.ts";
import { Request } from "./request.ts";
import { type Body, Response } from "./response.ts";

const get = new Request({ method: "GET", url: "/" });
const head = new Request({ method: "HEAD", url: "/" });

async function* chunks() {
  yield "a";
}

describe("what is sent", () => {
  test("has the length of its body in bytes, and a type", () => {
    expect(prepareResponse(get, new Response(200, [], "é"))).toMatchObject({
      headers: ["Content-Type", "text/plain; charset=utf-8", "Content-Length", "2"],
      contentLength: 2,
    });
    expect(prepareResponse(get, new Response(200, [], new Uint8Array(3))).headers).toEqual([
      "Content-Type",
      "application/octet-stream",
      "Content-Length",
      "3",
    ]);
  });

  test("has no type without a body", () => {
    for (const body of [undefined, "", null as never]) {
      expect(prepareResponse(get, new Response(200, [], body)).headers).toEqual(["Content-Length", "0"]);
    }
  });

  test("has a handler's length for a stream alone, and never what frames the message", () => {
    const framing = [
      { name: "content-length", value: "99" },
      { name: "Transfer-Encoding", value: "chunked" },
      { name: "Connection", value: "upgrade" },
      { name: "keep-alive", value: "timeout=5" },
      { name: "X-A", value: "1" },
      { name: "Content-Type", value: "x/y" },
    ];
    expect(prepareResponse(get, new Response(200, framing, "a")).headers).toEqual([
      "X-A",
      "1",
      "Content-Type",
      "x/y",
      "Content-Length",
      "1",
    ]);
    expect(prepareResponse(get, new Response(200, framing, chunks())).contentLength).toBe(99);
    expect(
      prepareResponse(get, new Response(200, [{ name: "Content-Length", value: "-1" }], chunks()))
        .contentLength,
    ).toBe(undefined);
  });

  test("for HEAD is the head of the answer to GET, and the source is let go", () => {
    const stream = Readable.from(["a"]);
    const { headers, body } = prepareResponse(
      head,
      new Response(200, [{ name: "Content-Length", value: "5" }], stream),
    );
    expect(headers).toEqual(["Content-Type", "application/octet-stream", "Content-Length", "5"]);
    expect([body, stream.destroyed]).toEqual([undefined, true]);
  });

  test.each([204, 304])("for %d has no body and no length", (status) => {
    expect(prepareResponse(get, Response.text(status, "a"))).toMatchObject({
      headers: ["Content-Type", "text/plain; charset=utf-8"],
      body: undefined,
      contentLength: undefined,
    });
  });

  test("for 205 has a length of 0", () => {
    expect(prepareResponse(get, new Response(205, [], "a"))).toMatchObject({
      headers: ["Content-Length", "0"],
      body: undefined,
    });
  });

  test("is a copy: the response stays as it was", () => {
    const shared = Response.text(200, "a");
    const before = structuredClone({ ...shared });
    prepareResponse(get, shared).headers.push("Set-Cookie", "a=1");
    expect({ ...shared }).toEqual(before);
  });
});

describe("a response is refused", () => {
  test.each([0, 99, 101, 199, 600, 200.5, Number.NaN, "200" as never])("with the status %j", (status) => {
    const response = Response.empty(200);
    response.statusCode = status;
    expect(() => prepareResponse(get, response)).toThrow(RangeError);
  });

  test.each(["a\r\nb", "a\nX: y", "\0", "é", "✓"])("with the reason phrase %j", (reasonPhrase) => {
    expect(() => prepareResponse(get, new Response({ statusCode: 200, reasonPhrase }))).toThrow(TypeError);
  });

  test("with a header that was made by hand and splits the message", () => {
    const response = new Response(200, [{ name: "X", value: "a\r\nSet-Cookie: b=c" }]);
    expect(() => prepareResponse(get, response)).toThrow(TypeError);
  });

  test.each([5, true, {}, [], new Date()])("with the body %j", (body) => {
    expect(() => prepareResponse(get, new Response(200, [], body as never as Body))).toThrow(
      /Response\.json/,
    );
  });

  test("and its stream is let go", () => {
    const stream = Readable.from(["a"]);
    expect(() => prepareResponse(get, new Response(99, [], stream))).toThrow(RangeError);
    expect(stream.destroyed).toBe(true);
  });
});
