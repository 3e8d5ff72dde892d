// Attacks over raw sockets. Whatever comes, the server answers or closes, and serves the next client.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { App, Response, type Server } from "../src/index.ts";
import { openRaw, parseAnswers, sendRaw } from "./raw.ts";

let server: Server;
const seen: string[] = [];

beforeEach(async () => {
  seen.length = 0;
  const app = new App(undefined)
    .wrap((req, _conn, next) => {
      seen.push(`${req.method} ${req.url}`);
      return next();
    })
    .get("/", () => Response.text(200, "ok"))
    .get("/echo/:value", (_req, { value }) => Response.text(200, value).setHeader("X-Value", value))
    .get("/go", (req) => Response.redirect(303, req.query.get("to") ?? "/"))
    .get("/host", (_req, _params, conn) => Response.text(200, conn.host))
    .post("/read", async (req) => Response.text(200, await req.text()))
    .post("/json", async (req) => Response.json(200, await req.json()))
    .onError(() => undefined);
  server = await app.listen({ port: 0, headersTimeoutMs: 500, requestTimeoutMs: 1000 });
});

afterEach(async () => {
  const next = await fetch(server.url);
  if ((await next.text()) !== "ok") throw new Error("The next client was not served");
  await server.close({ graceMs: 100 });
});

const request = (head: string, body = "") => `${head}\r\nHost: a\r\nConnection: close\r\n\r\n${body}`;
const statuses = async (text: string | Uint8Array) =>
  parseAnswers(await sendRaw(server.url, text)).map(({ status }) => status);

describe("response splitting", () => {
  test.each(["%0d%0aSet-Cookie:%20a=b", "%0aX:y", "%00", "%0d", "a%0d%0a%0d%0a<script>"])(
    "by a header that a handler makes of %s is a 500 without that header",
    async (value) => {
      const [answer, ...others] = parseAnswers(
        await sendRaw(server.url, request(`GET /echo/${value} HTTP/1.1`)),
      );
      expect(others).toEqual([]);
      expect(answer?.status).toBe(500);
      expect([...(answer?.headers.keys() ?? [])]).not.toContain("set-cookie");
      expect(answer?.headers.has("x")).toBe(false);
    },
  );

  test("by a redirect is a 500", async () => {
    expect(await statuses(request("GET /go?to=/%0d%0aSet-Cookie:a=b HTTP/1.1"))).toEqual([500]);
  });
});

describe("request smuggling", () => {
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  test.each([
    ["both lengths", "Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"],
    ["both lengths, the other way round", "Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"],
    ["two different lengths", "Content-Length: 0\r\nContent-Length: 5", "hello"],
    ["a list of lengths", "Content-Length: 0, 5", "hello"],
    ["a negative length", "Content-Length: -5", ""],
    ["a length with a sign", "Content-Length: +5", "hello"],
    ["a length in hex", "Content-Length: 0x5", "hello"],
    ["a length beyond all numbers", "Content-Length: 99999999999999999999", ""],
    ["a space before the colon", "Content-Length : 5", "hello"],
    ["a space before the name", "X: y\r\n Content-Length: 5", "hello"],
    ["an unknown coding", "Transfer-Encoding: xchunked", "0\r\n\r\n"],
    ["chunked that is not last", "Transfer-Encoding: chunked, identity", "0\r\n\r\n"],
    ["chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"],
    ["a tab in the coding", "Transfer-Encoding:\tchunked\x0b", "0\r\n\r\n"],
    ["a malformed chunk size", "Transfer-Encoding: chunked", "zz\r\n"],
    ["a chunk longer than its size", "Transfer-Encoding: chunked", "1\r\nabc\r\n0\r\n\r\n"],
    ["bare line feeds in chunks", "Transfer-Encoding: chunked", "1\na\n0\n\n"],
    ["a chunk size beyond all numbers", "Transfer-Encoding: chunked", "fffffffffffffffff\r\na"],
  ])("by %s never reaches a handler as a second request", async (_what, headers, body) => {
    const text = await sendRaw(
      server.url,
      `POST /read HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}${smuggled}`,
    );
    expect(parseAnswers(text)[0]?.status).toBe(400);
    expect(seen).not.toContain("GET /smuggled");
  });

  test("by a body that says Expect and is never sent cannot be, for the connection is closed", async () => {
    const head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 38\r\n\r\n";
    const answers = parseAnswers(await sendRaw(server.url, head + smuggled));
    expect(answers.map(({ status }) => status)).toEqual([405]);
    expect(answers[0]?.headers.get("connection")).toBe("close");
    expect(seen).not.toContain("GET /smuggled");
  });
});

describe("pipelined requests", () => {
  test("are answered one after the other, in order", async () => {
    const one = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const text = await sendRaw(server.url, one("/echo/1") + one("/none") + request("GET /echo/3 HTTP/1.1"));
    expect(parseAnswers(text).map(({ status, body }) => [status, status === 200 ? body : ""])).toEqual([
      [200, "1"],
      [404, ""],
      [200, "3"],
    ]);
  });

  test("by the thousand do no harm", async () => {
    const text = await sendRaw(
      server.url,
      "GET /echo/1 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2000) + request("GET / HTTP/1.1"),
    );
    expect(parseAnswers(text)).toHaveLength(2001);
  });
});

describe("malformed requests", () => {
  test.each([
    ["no HTTP", "hello\r\n\r\n"],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["NUL in the target", request("GET /\0 HTTP/1.1")],
    ["NUL in a header", request("GET / HTTP/1.1\r\nX: a\0b")],
    ["a control in a header's name", request("GET / HTTP/1.1\r\nX\x01: a")],
    ["a bare carriage return in a header", request("GET / HTTP/1.1\r\nX: a\rY: b")],
    ["a header without a colon", request("GET / HTTP/1.1\r\nX")],
    ["an empty header name", request("GET / HTTP/1.1\r\n: a")],
    ["an unknown method", request("BREW / HTTP/1.1")],
    ["a method in lower case", request("get / HTTP/1.1")],
    ["an unknown version", request("GET / HTTP/9.9")],
    ["a space in the target", request("GET /a b HTTP/1.1")],
    ["a raw control in the target", request("GET /\x01 HTTP/1.1")],
    ["no Host", "GET / HTTP/1.1\r\n\r\n"],
    ["HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["another scheme as target", request("GET ftp://a/ HTTP/1.1")],
    ["a target that is no path", request("GET a HTTP/1.1")],
    ["an authority as target", request("GET a:80 HTTP/1.1")],
  ])("with %s are 400", async (_what, text) => {
    expect((await statuses(Buffer.from(text, "latin1")))[0]).toBe(400);
  });

  test.each([
    ["twice", "Host: a\r\nHost: b"],
    ["twice the same", "Host: a\r\nhost: a"],
    ["as a list", "Host: a, b"],
    ["with a path", "Host: a/b"],
    ["with credentials", "Host: user@a"],
    ["with markup", "Host: <script>"],
  ])("that name their host %s are 400", async (_how, fields) => {
    expect(await statuses(`GET /host HTTP/1.1\r\n${fields}\r\nConnection: close\r\n\r\n`)).toEqual([400]);
    expect(await statuses(`GET http://a/host HTTP/1.1\r\n${fields}\r\nConnection: close\r\n\r\n`)).toEqual([
      400,
    ]);
  });

  test("without a host are served to HTTP/1.0, and with an empty one to all", async () => {
    expect(await statuses("GET / HTTP/1.0\r\n\r\n")).toEqual([200]);
    expect(await statuses("GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")).toEqual([200]);
  });

  test("for a tunnel get none", async () => {
    expect(await sendRaw(server.url, request("CONNECT a:80 HTTP/1.1"))).not.toMatch(/^HTTP\/1\.1 2/);
  });

  test("in absolute form are served as their path", async () => {
    expect(await statuses(request("GET http://other/echo/1?x HTTP/1.1"))).toEqual([200]);
    expect(await statuses(request("GET http://other HTTP/1.1"))).toEqual([200]);
  });
});

describe("traversal", () => {
  test.each([
    "/../etc/passwd",
    "/%2e%2e/etc/passwd",
    "/a/..%2f..",
    "/.%2e/",
    "/./",
    "//../",
    "/..;/",
    "/%2e",
  ])("by %s never reaches a handler with a dot segment", async (path) => {
    expect([400, 404]).toContain((await statuses(request(`GET ${path} HTTP/1.1`)))[0]);
  });
});

describe("prototype pollution", () => {
  test.each(['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'])(
    "by %s is 400",
    async (json) => {
      const head = `POST /json HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: ${json.length}`;
      expect(await statuses(request(head, json))).toEqual([400]);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    },
  );

  test("by header, cookie or query names changes nothing", async () => {
    const head =
      "GET /?__proto__[polluted]=1&__proto__.polluted=1 HTTP/1.1\r\n__proto__: polluted\r\nCookie: __proto__=1";
    expect(await statuses(request(head))).toEqual([200]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("what is too large", () => {
  const fill = "x".repeat(20_000);
  test.each([
    ["a header's value", `GET / HTTP/1.1\r\nX: ${fill}`, 431],
    ["a header's name", `GET / HTTP/1.1\r\n${fill}: x`, 431],
    ["all headers together", `GET / HTTP/1.1\r\n${"X: yyyyyyyyyyyyyyy\r\n".repeat(1500)}Y: z`, 431],
    ["the target", `GET /${fill} HTTP/1.1`, 431],
    ["a cookie", `GET / HTTP/1.1\r\nCookie: ${fill}`, 431],
  ])("as %s is 431", async (_what, head, status) => {
    expect((await statuses(request(head)))[0]).toBe(status);
  });

  test("as a path of many segments or a query of many parameters is served or refused at once", async () => {
    expect(await statuses(request(`GET ${"/a".repeat(7000)} HTTP/1.1`))).toEqual([404]);
    expect(await statuses(request(`GET /?${"a=&".repeat(4000)} HTTP/1.1`))).toEqual([200]);
    expect(await statuses(request(`GET /${"%2f".repeat(4000)} HTTP/1.1`))).toEqual([404]);
  });

  test("as a body is 413, though the client goes on sending", async () => {
    const connection = openRaw(server.url);
    connection.write("POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const sending = setInterval(() => connection.socket.writable && connection.write(chunk), 1);
    const text = await connection.closed;
    clearInterval(sending);
    expect(parseAnswers(text)[0]?.status).toBe(413);
  });

  test("as chunk extensions or trailers is refused", async () => {
    const head = "POST /read HTTP/1.1\r\nTransfer-Encoding: chunked";
    expect((await statuses(request(head, `1;${fill}\r\na\r\n0\r\n\r\n`)))[0]).toBe(413);
    expect((await statuses(request(head, `1\r\na\r\n0\r\nX: ${fill}\r\n\r\n`)))[0]).toBe(431);
  });
});

describe("slow clients", () => {
  test("that never finish their headers get 408, however often they send a byte", async () => {
    const connection = openRaw(server.url);
    connection.write("GET / HTTP/1.1\r\nHost: a\r\n");
    const drip = setInterval(() => connection.socket.writable && connection.write("X"), 100);
    const text = await connection.closed;
    clearInterval(drip);
    expect(parseAnswers(text)[0]?.status).toBe(408);
    expect(seen).toEqual([]);
  });

  test("that never finish their body get 408", async () => {
    const connection = openRaw(server.url);
    connection.write("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    const drip = setInterval(() => connection.socket.writable && connection.write("x"), 100);
    const text = await connection.closed;
    clearInterval(drip);
    expect(parseAnswers(text)[0]?.status).toBe(408);
  });
});

describe("clients that leave", () => {
  test.each([
    ["before a request", ""],
    ["within the headers", "GET / HT"],
    ["within the body", "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"],
    ["within a chunk", "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ["right after a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ])("%s are no error of the server's", async (_when, text) => {
    const log = vi.spyOn(console, "error");
    for (const leave of ["end", "destroy", "resetAndDestroy"] as const) {
      const { socket, write, closed } = openRaw(server.url);
      await new Promise((resolve) => socket.once("connect", resolve));
      write(text);
      await new Promise((resolve) => setTimeout(resolve, 10));
      socket[leave]();
      await closed;
    }
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });
});
