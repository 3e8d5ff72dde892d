import { describe, expect, test } from "vitest";
import { parseRequest } from "./parse-request.ts";

const parse = (text: string, start = 0, most = 16 * 1024) =>
  parseRequest(Buffer.from(text, "latin1"), text, start, most);

/** A request from its fields. */
const of = (fields: string, body = "", line = "GET / HTTP/1.1") =>
  `${line}\r\nHost: a\r\n${fields}\r\n${body}`;

describe("the fast lane takes", () => {
  test("a plain request, with its fields as they were sent", () => {
    expect(parse(of("X-a:\t b c \t\r\nEmpty:\r\n", "", "GET /a?b=[c]&d='e' HTTP/1.1"))).toEqual({
      method: "GET",
      url: "/a?b=[c]&d='e'",
      rawHeaders: ["Host", "a", "X-a", "b c", "Empty", ""],
      keepAlive: true,
      bodyStart: 61,
      end: 61,
    });
  });

  test("a body of known length that is here already", () => {
    const text = of("Content-Length: 3\r\n", "abcGET", "POST / HTTP/1.1");
    const request = parse(text);
    expect(text.slice(request?.bodyStart, request?.end)).toBe("abc");
  });

  test("one request after the other", () => {
    const text = of("") + of("", "", "DELETE /b HTTP/1.1");
    expect(parse(text, parse(text)?.end)).toMatchObject({ method: "DELETE", url: "/b", end: text.length });
  });

  test("either wish for the connection, in any case", () => {
    expect(parse(of("connection: Keep-Alive\r\n"))?.keepAlive).toBe(true);
    expect(parse(of("Connection: CLOSE\r\n"))?.keepAlive).toBe(false);
  });

  test("bytes beyond ASCII in values, in latin1", () => {
    expect(parse(of("X: \xe9\xff\r\n"))?.rawHeaders[3]).toBe("\xe9\xff");
  });
});

describe("the fast lane leaves to node:http", () => {
  test.each([
    ["other methods", of("", "", "TRACE / HTTP/1.1")],
    ["methods in small letters", of("", "", "get / HTTP/1.1")],
    ["other versions", of("", "", "GET / HTTP/1.0")],
    ["an absolute target", of("", "", "GET http://a/ HTTP/1.1")],
    ["the asterisk", of("", "", "OPTIONS * HTTP/1.1")],
    ["a fragment", of("", "", "GET /#a HTTP/1.1")],
    ["odd characters in the target", of("", "", 'GET /" HTTP/1.1')],
    ["two blanks in the line", of("", "", "GET  / HTTP/1.1")],
    ["an empty line before it", `\r\n${of("")}`],
    ["no Host", "GET / HTTP/1.1\r\nX: a\r\n\r\n"],
    ["two Hosts", of("host: a\r\n")],
    ["two lengths", of("Content-Length: 0\r\nContent-Length: 0\r\n")],
    ["a length that is no number", of("Content-Length: 0x3\r\n", "abc")],
    ["a list of lengths", of("Content-Length: 3, 3\r\n", "abc")],
    ["an empty length", of("Content-Length:\r\n")],
    ["a body that is not whole", of("Content-Length: 3\r\n", "ab")],
    ["Transfer-Encoding", of("Transfer-Encoding: chunked\r\n", "0\r\n\r\n")],
    ["Expect", of("Expect: 100-continue\r\nContent-Length: 0\r\n")],
    ["Upgrade", of("Upgrade: h2c\r\n")],
    ["other options of the connection", of("Connection: keep-alive, te\r\n")],
    ["a tab behind a length", of("Content-Length: 0\t\r\n")],
    ["a tab before a length", of("Content-Length:\t0\r\n")],
    ["a blank behind what is to become of the connection", of("Connection: close \r\n")],
    ["two Connections", of("Connection: close\r\nConnection: close\r\n")],
    ["Proxy-Connection", of("Proxy-Connection: close\r\n")],
    ["bytes behind a request that closes", of("Connection: close\r\n", "G")],
    ["a folded line", of("X: a\r\n b\r\n")],
    ["a bare LF", of("X: a\nY: b\r\n")],
    ["a bare CR", of("X: a\rY: b\r\n")],
    ["NUL", of("X: a\0\r\n")],
    ["DEL", of("X: a\x7f\r\n")],
    ["a blank before the colon", of("X : a\r\n")],
    ["a field without a name", of(": a\r\n")],
    ["a field without a colon", of("X\r\n")],
    ["more than a hundred fields", of("X: a\r\n".repeat(101))],
    ["a head that is not whole", of("").slice(0, -1)],
    ["nothing", ""],
  ])("%s", (_what, text) => {
    expect(parse(text)).toBeUndefined();
  });

  test("a head that is as long as a head may be", () => {
    const text = of("");
    expect(parse(text, 0, text.length)).toBeUndefined();
    expect(parse(text, 0, text.length + 1)).toBeDefined();
  });
});
