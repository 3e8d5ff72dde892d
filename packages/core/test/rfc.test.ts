// Points of the RFCs in which servers differ, over real sockets.
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { App, compression, cors, decompression, Response, staticFiles } from "../src/index.ts";
import { describeEach, trackServers } from "./harness.ts";
import { openRaw, parseAnswers, type RawAnswer, sendRaw } from "./raw.ts";

const open = trackServers();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hatcheck-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** One request with these lines, and its answer. */
async function ask(url: string, ...lines: string[]): Promise<RawAnswer> {
  const text = await sendRaw(url, `${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
  return parseAnswers(text)[0] as RawAnswer;
}

describe("a target in absolute form", () => {
  const app = () =>
    new App(undefined).get("/a", (req, _params, conn) =>
      Response.text(200, `${conn.host} ${req.host} ${req.path}${req.query.get("q") ?? ""}`),
    );

  test.each([
    ["http://one.example/a", "one.example one.example /a"],
    ["HTTP://one.example:8080/a?q=1", "one.example:8080 one.example:8080 /a1"],
    ["http://[::1]:80/a", "[::1]:80 [::1]:80 /a"],
    ["/a", "two.example two.example /a"],
  ])("names the host, whatever Host says: %s", async (target, seen) => {
    const { url } = await open(app());
    expect(await ask(url, `GET ${target} HTTP/1.1`, "Host: two.example")).toMatchObject({
      status: 200,
      body: seen,
    });
  });

  test.each([
    "http://user@one.example/a",
    "http://user:secret@one.example/a",
    "http:///a",
    "http://one.example:port/a",
    "http://one.example:99999/a",
    "http://one.example:/a",
    "http://[::1/a",
    "http://one,two/a",
    "http://one.example\\@two.example/a",
    "http:/one.example/a",
    "ftp://one.example/a",
  ])("that is malformed is 400: %s", async (target) => {
    const { url } = await open(app());
    expect((await ask(url, `GET ${target} HTTP/1.1`, "Host: two.example")).status).toBe(400);
  });
});

describe("a list on several lines, and with commas in quotes", () => {
  test("of Accept decides on the form of an error", async () => {
    const { url } = await open(new App(undefined));
    const answer = await ask(url, "GET / HTTP/1.1", "Host: a", "Accept: image/png", "Accept: text/html");
    expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
    const quoted = await ask(
      url,
      "GET / HTTP/1.1",
      "Host: a",
      'Accept: image/png;a="b, text/plain", text/html',
    );
    expect(quoted.headers.get("content-type")).toMatch(/^text\/html/);
    const weighed = await ask(
      url,
      "GET / HTTP/1.1",
      "Host: a",
      'Accept: text/html;a=";q=0", text/plain;q=0.5',
    );
    expect(weighed.headers.get("content-type")).toMatch(/^text\/html/);
  });

  test("of Accept-Encoding decides on compression", async () => {
    const app = new App(undefined).wrap(compression()).get("/", () => Response.text(200, "x".repeat(5000)));
    const { url } = await open(app);
    const answer = await ask(
      url,
      "GET / HTTP/1.1",
      "Host: a",
      "Accept-Encoding: identity;q=0",
      "Accept-Encoding: gzip",
    );
    expect(answer.headers.get("content-encoding")).toBe("gzip");
  });

  test("of Access-Control-Request-Headers is allowed as a whole", async () => {
    const app = new App(undefined)
      .wrap(cors({ origins: ["https://a.example"] }))
      .get("/", () => Response.empty(204));
    const { url } = await open(app);
    const answer = await ask(
      url,
      "OPTIONS / HTTP/1.1",
      "Host: a",
      "Origin: https://a.example",
      "Access-Control-Request-Method: PUT",
      "Access-Control-Request-Headers: x-one",
      "Access-Control-Request-Headers: x-two",
    );
    expect(answer.headers.get("access-control-allow-headers")).toBe("x-one, x-two");
  });
});

test("Access-Control-Allow-Origin is said once, whoever else says it", async () => {
  const app = new App(undefined)
    .wrap(cors({ origins: ["https://a.example"], credentials: true }))
    .get("/", () =>
      Response.text(200, "x")
        .appendHeader("Access-Control-Allow-Origin", "*")
        .appendHeader("access-control-allow-credentials", "true"),
    );
  const { url } = await open(app);
  const text = await sendRaw(
    url,
    "GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\nConnection: close\r\n\r\n",
  );
  expect(text.match(/^access-control-allow-origin: .*$/gim)).toEqual([
    "Access-Control-Allow-Origin: https://a.example",
  ]);
  expect(text.match(/^access-control-allow-credentials:/gim)).toHaveLength(1);
});

describeEach("a compressed body", (serve) => {
  const body = JSON.stringify({ text: "x".repeat(1000) });
  const app = (on: boolean) => {
    const made = new App(undefined, { bodyLimit: 10_000 });
    if (on) made.wrap(decompression());
    return made
      .post("/", async (req) => Response.json(200, ((await req.json()) as { text: string }).text.length))
      .post("/bytes", async (req) => Response.json(200, (await req.bytes()).length));
  };
  const encoders: Readonly<Record<string, (text: string) => Uint8Array>> = {
    gzip: zlib.gzipSync,
    "x-gzip": zlib.gzipSync,
    GZIP: zlib.gzipSync,
    deflate: zlib.deflateSync,
    br: zlib.brotliCompressSync,
    ...(typeof zlib.zstdCompressSync === "function" && { zstd: zlib.zstdCompressSync }),
  };

  test("is 415 unless it is asked for, and the answer says what is taken", async () => {
    const client = await serve(app(false));
    const answer = await client
      .post("/")
      .body(zlib.gzipSync(body), "application/json")
      .header("Content-Encoding", "gzip")
      .send();
    expect([answer.status, answer.header("accept-encoding")]).toEqual([415, "identity"]);
    const plain = await client
      .post("/")
      .body(body, "application/json")
      .header("Content-Encoding", "identity")
      .send();
    expect(plain.json()).toBe(1000);
  });

  test("is read by whoever wraps decompression", async () => {
    const client = await serve(app(true));
    for (const [coding, encode] of Object.entries(encoders)) {
      const answer = await client
        .post("/")
        .body(encode(body), "application/json")
        .header("Content-Encoding", coding)
        .send();
      expect([coding, answer.json()]).toEqual([coding, 1000]);
    }
    for (const coding of ["compress", "gzip, br", "rot13"]) {
      const answer = await client
        .post("/")
        .body(body, "application/json")
        .header("Content-Encoding", coding)
        .send();
      expect([answer.status, answer.header("accept-encoding")?.startsWith("gzip, deflate, br")]).toEqual([
        415,
        true,
      ]);
    }
  });

  test("is counted as what it becomes: a small bomb is 413, and takes no memory", async () => {
    const client = await serve(app(true));
    const bomb = zlib.gzipSync(Buffer.alloc(8_000_000));
    expect(bomb.length).toBeLessThan(10_000);
    const answer = await client.post("/bytes").body(bomb).header("Content-Encoding", "gzip").send();
    expect(answer.status).toBe(413);
    const most = zlib.gzipSync(Buffer.alloc(10_000));
    expect((await client.post("/bytes").body(most).header("Content-Encoding", "gzip").send()).json()).toBe(
      10_000,
    );
  });

  test("that is malformed or cut off is 400", async () => {
    const client = await serve(app(true));
    const whole = zlib.gzipSync(body);
    for (const sent of [
      Buffer.from("no gzip"),
      whole.subarray(0, whole.length - 10),
      whole.subarray(5),
      Buffer.from(""),
    ]) {
      const answer = await client
        .post("/")
        .body(sent, "application/json")
        .header("Content-Encoding", "gzip")
        .send();
      expect(answer.status).toBe(400);
    }
  });
});

describeEach("the charset of a body", (serve) => {
  const app = () => new App(undefined).post("/", async (req) => Response.json(200, await req.json()));
  test.each([
    ["utf-8", 200],
    ['"UTF-8"', 200],
    ["utf8", 200],
    ["us-ascii", 200],
    ["utf-16", 415],
    ["iso-8859-1", 415],
    ["klingon", 415],
  ])("%s is %i", async (charset, status) => {
    const client = await serve(app());
    const answer = await client
      .post("/")
      .body("{}", `application/json; a="b;charset=c"; Charset=${charset}`)
      .send();
    expect(answer.status).toBe(status);
  });

  test("that the bytes are not in is 400", async () => {
    const client = await serve(app());
    const answer = await client
      .post("/")
      .body(Buffer.from('"\xff"', "latin1"), "application/json; charset=utf-8")
      .send();
    expect(answer.status).toBe(400);
  });
});

describe("a file of this very second", () => {
  const range = (url: string, date: Date) =>
    ask(url, "GET /file.txt HTTP/1.1", "Host: a", "Range: bytes=0-1", `If-Range: ${date.toUTCString()}`);

  test("is sent whole for an If-Range with its date, an older one in part", async () => {
    const file = join(folder, "file.txt");
    writeFileSync(file, "0123456789");
    const { url } = await open(new App(undefined).get("/*path", staticFiles(folder)));
    vi.useFakeTimers({ toFake: ["Date"], now: statSync(file).mtimeMs });
    onTestFinished(() => void vi.useRealTimers());
    expect((await range(url, statSync(file).mtime)).status).toBe(200);
    vi.setSystemTime(Date.now() + 1000);
    expect((await range(url, statSync(file).mtime)).status).toBe(206);
    const old = new Date(Date.now() - 5000);
    utimesSync(file, old, old);
    expect(await range(url, old)).toMatchObject({ status: 206, body: "01" });
  });
});

describe("the tag of a 304", () => {
  const app = () =>
    new App(undefined).wrap(compression()).get("/", () => Response.text(304, "").setHeader("ETag", '"v1"'));

  test.each([
    ['"v1"', '"v1"'],
    ['W/"v1"', 'W/"v1"'],
    ['"other", W/"v1"', 'W/"v1"'],
    ["*", '"v1"'],
  ])("is as the client has it: %s", async (asked, told) => {
    const { url } = await open(app());
    const answer = await ask(
      url,
      "GET / HTTP/1.1",
      "Host: a",
      "Accept-Encoding: gzip",
      `If-None-Match: ${asked}`,
    );
    expect([answer.status, answer.headers.get("etag")]).toEqual([304, told]);
  });
});

describe("an upgrade", () => {
  const app = () =>
    new App(undefined)
      .get("/", (req) => Response.text(200, `plain ${req.header("x-kept") ?? ""}`))
      .post("/", async (req) => Response.text(200, `read ${await req.text()}`));
  const taking = {
    upgrade: (_req: unknown, _conn: unknown, { socket }: { socket: NodeJS.WritableStream }) =>
      void socket.end("taken"),
  };

  test.each([
    [
      "h2c, as curl --http2 asks for",
      "HTTP/1.1",
      "Upgrade: h2c",
      "Connection: Upgrade, HTTP2-Settings",
      "HTTP2-Settings: AAMAAABk",
    ],
    ["h2c, among other options", "HTTP/1.1", "Upgrade: h2c", "Connection: keep-alive, Upgrade"],
    ["TLS", "HTTP/1.1", "Upgrade: TLS/1.0", "Connection: Upgrade"],
    ["anything in HTTP/1.0", "HTTP/1.0", "Upgrade: websocket", "Connection: Upgrade"],
  ])("to %s is passed over", async (_what, version, ...fields) => {
    const { url } = await open(app(), taking);
    const connection = openRaw(url);
    connection.write(`GET / ${version}\r\nHost: a\r\n${fields.join("\r\n")}\r\nX-Kept: yes\r\n\r\n`);
    expect(await connection.until(/plain yes/)).toMatch(/^HTTP\/1\.1 200 /);
    connection.socket.destroy();
  });

  test("to h2c keeps the body, and the connection for a next request", async () => {
    const { url } = await open(app(), taking);
    const connection = openRaw(url);
    const upgrade = "Host: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n";
    connection.write(`POST / HTTP/1.1\r\n${upgrade}Content-Length: 5\r\n\r\nhello`);
    await connection.until(/read hello/);
    // Node itself loses what is pipelined behind a wish for an upgrade, which no client does.
    connection.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(parseAnswers(await connection.closed).map(({ body }) => body)).toEqual(["read hello", "plain "]);
  });

  test.each(["websocket", "WebSocket", "own/1.0", "h2c, websocket"])("to %s is taken", async (protocol) => {
    const { url } = await open(app(), taking);
    expect(
      await ask(url, "GET / HTTP/1.1", "Host: a", `Upgrade: ${protocol}`, "Connection: Upgrade").catch(
        String,
      ),
    ).toBeDefined();
    expect(
      await sendRaw(url, `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: ${protocol}\r\nConnection: Upgrade\r\n\r\n`),
    ).toBe("taken");
  });
});

describe("a unix socket", () => {
  const hello = () => new App(undefined).get("/", () => Response.text(200, "hello"));

  test("that a killed server left behind is taken over", async () => {
    const path = join(folder, "stale.sock");
    const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["--eval", script], { stdio: "ignore" }), "exit");
    expect(statSync(path).isSocket()).toBe(true);
    const server = await hello().listen({ path });
    expect(server.url).toBe(path);
    await server.close();
  });

  test("that is listened on, or is no socket, is left alone", async () => {
    const path = join(folder, "busy.sock");
    const other = createServer().listen(path);
    await once(other, "listening");
    await expect(hello().listen({ path })).rejects.toThrow(`The socket ${path} is in use`);
    other.close();
    const file = join(folder, "file");
    writeFileSync(file, "mine");
    await expect(hello().listen({ path: file })).rejects.toThrow("is in use");
    expect(statSync(file).size).toBe(4);
  });
});
