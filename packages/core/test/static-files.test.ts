import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { App, compression, staticFiles, type StaticFilesOptions, type TestClient } from "../src/index.ts";
import { describeEach, trackServers } from "./harness.ts";

const THEN = "Sun, 06 Nov 1994 08:49:37 GMT";
const LARGE = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const SCRIPT = "console.log('hello');\n".repeat(100);

let base: string;
let root: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "static-files-"));
  root = join(base, "public");
  mkdirSync(join(root, "docs"), { recursive: true });
  mkdirSync(join(root, "empty"));
  mkdirSync(join(root, "strange/index.html"), { recursive: true });
  mkdirSync(join(root, "grüße: 100%"));
  writeFileSync(join(root, "grüße: 100%/index.html"), "<h1>grüße</h1>");
  mkdirSync(join(root, ".git"));
  writeFileSync(join(base, "secret.txt"), "secret");
  writeFileSync(join(root, "index.html"), "<h1>home</h1>");
  writeFileSync(join(root, "docs/index.html"), "<h1>docs</h1>");
  writeFileSync(join(root, "hello.txt"), "0123456789");
  utimesSync(join(root, "hello.txt"), new Date(THEN), new Date(THEN));
  writeFileSync(join(root, "nothing.txt"), "");
  writeFileSync(join(root, "large.bin"), LARGE);
  writeFileSync(join(root, "grüße & mehr.txt"), "grüße");
  writeFileSync(join(root, "100%25.txt"), "percent");
  writeFileSync(join(root, ".env"), "secret");
  writeFileSync(join(root, ".git/config"), "secret");
  writeFileSync(join(root, "app.js"), SCRIPT);
  writeFileSync(join(root, "app.js.br"), brotliCompressSync(SCRIPT));
  writeFileSync(join(root, "app.js.gz"), gzipSync(SCRIPT));
  mkdirSync(join(root, "hello.txt.gz"));
  symlinkSync("hello.txt", join(root, "inside.txt"));
  symlinkSync("../secret.txt", join(root, "outside.txt"));
  symlinkSync("..", join(root, "up"));
  execFileSync("mkfifo", [join(root, "fifo")]);
});

afterAll(() => rmSync(base, { recursive: true }));

function appWith(options?: StaticFilesOptions): App<object> {
  return App.withState({}).get("/*path", staticFiles(root, options));
}

describeEach("static files", (serve) => {
  let client: TestClient;
  const use = async (options?: StaticFilesOptions) => {
    client = await serve(appWith(options));
  };
  const get = (path: string, headers: Record<string, string> = {}, method = "GET") => {
    const request = client.request(method, path);
    for (const [name, value] of Object.entries(headers)) request.header(name, value);
    return request.send();
  };

  test("are sent with all that a cache needs", async () => {
    await use();
    const answer = await get("/hello.txt");
    expect([answer.status, answer.text()]).toEqual([200, "0123456789"]);
    expect(answer.header("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.header("content-length")).toBe("10");
    expect(answer.header("last-modified")).toBe(THEN);
    expect(answer.header("etag")).toMatch(/^"[0-9a-z-]+"$/);
    expect(answer.header("accept-ranges")).toBe("bytes");
    expect(answer.header("cache-control")).toBe("no-cache");
    expect(answer.header("x-content-type-options")).toBe("nosniff");
    expect(answer.header("vary")).toBeUndefined();
  });

  test("may be large, empty, and have any name", async () => {
    await use();
    expect(Buffer.compare((await get("/large.bin")).bytes, LARGE)).toBe(0);
    const nothing = await get("/nothing.txt");
    expect([nothing.status, nothing.header("content-length"), nothing.text()]).toEqual([200, "0", ""]);
    expect((await get("/gr%C3%BC%C3%9Fe%20&%20mehr.txt")).text()).toBe("grüße");
    expect((await get("/100%2525.txt")).text()).toBe("percent");
    expect((await get("/100%25.txt")).status).toBe(404);
    expect((await get("/inside.txt")).text()).toBe("0123456789");
  });

  test("answer HEAD with the fields of GET", async () => {
    await use();
    for (const path of ["/hello.txt", "/large.bin", "/nothing.txt"]) {
      const whole = await get(path);
      const head = await get(path, {}, "HEAD");
      const fields = ({ headers }: typeof head) =>
        headers.filter(({ name }) => !/^(?:date|connection|keep-alive)$/i.test(name));
      expect([head.status, head.bytes.byteLength]).toEqual([200, 0]);
      expect(fields(head)).toEqual(fields(whole));
    }
    const ranged = await get("/hello.txt", { Range: "bytes=0-1" }, "HEAD");
    expect([ranged.status, ranged.header("content-length")]).toEqual([200, "10"]);
  });

  test("are not sent again to who has them", async () => {
    await use();
    const etag = (await get("/hello.txt")).header("etag") as string;
    for (const headers of [
      { "If-None-Match": etag },
      { "If-None-Match": `"other", W/${etag}` },
      { "If-None-Match": "*" },
      { "If-Modified-Since": THEN },
    ]) {
      const answer = await get("/hello.txt", headers as unknown as Record<string, string>);
      expect([answer.status, answer.bytes.byteLength]).toEqual([304, 0]);
      expect(answer.header("etag")).toBe(etag);
      expect(answer.header("cache-control")).toBe("no-cache");
      expect(answer.header("content-type")).toBeUndefined();
    }
    expect((await get("/hello.txt", { "If-None-Match": '"other"', "If-Modified-Since": THEN })).status).toBe(
      200,
    );
    expect((await get("/hello.txt", { "If-Match": '"other"' })).status).toBe(412);
    expect((await get("/hello.txt", { "If-Match": etag })).status).toBe(200);
    expect((await get("/large.bin", { "If-Unmodified-Since": THEN })).status).toBe(412);
  });

  test.each([
    ["bytes=0-3", "0123", "bytes 0-3/10"],
    ["bytes=-2", "89", "bytes 8-9/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=7-99", "789", "bytes 7-9/10"],
  ])("are sent in part for Range: %s", async (range, text, contentRange) => {
    await use();
    const answer = await get("/hello.txt", { Range: range });
    expect([answer.status, answer.text()]).toEqual([206, text]);
    expect(answer.header("content-range")).toBe(contentRange);
    expect(answer.header("content-length")).toBe(String(text.length));
  });

  test("are sent in part when they are large", async () => {
    await use();
    const answer = await get("/large.bin", { Range: "bytes=100000-299999" });
    expect(answer.status).toBe(206);
    expect(Buffer.compare(answer.bytes, LARGE.subarray(100_000))).toBe(0);
  });

  test("are sent whole for several ranges, malformed ones and other units", async () => {
    await use();
    for (const range of ["bytes=0-1,3-4", "bytes=5-1", "bytes=x", "lines=1-2", "bytes=0-,0-,0-,0-"]) {
      const answer = await get("/hello.txt", { Range: range });
      expect([range, answer.status, answer.text()]).toEqual([range, 200, "0123456789"]);
    }
  });

  test("answer 416 with their size for a range behind the end", async () => {
    await use();
    for (const range of ["bytes=10-", "bytes=99-100", "bytes=-0", "bytes=99999999999999999999-"]) {
      const answer = await get("/hello.txt", { Range: range });
      expect([answer.status, answer.header("content-range")]).toEqual([416, "bytes */10"]);
    }
    expect((await get("/nothing.txt", { Range: "bytes=0-" })).status).toBe(416);
  });

  test("take If-Range at its word", async () => {
    await use();
    const etag = (await get("/hello.txt")).header("etag") as string;
    const status = async (ifRange: string) =>
      (await get("/hello.txt", { Range: "bytes=0-1", "If-Range": ifRange })).status;
    expect(await status(etag)).toBe(206);
    expect(await status(THEN)).toBe(206);
    expect(await status(`W/${etag}`)).toBe(200);
    expect(await status('"other"')).toBe(200);
    expect(await status("Sun, 06 Nov 1994 08:49:38 GMT")).toBe(200);
  });

  test("show a folder's index, and send who forgets the slash there", async () => {
    await use();
    expect((await get("/")).text()).toBe("<h1>home</h1>");
    expect((await get("/docs/")).text()).toBe("<h1>docs</h1>");
    const answer = await get("/docs?q=1//x");
    expect([answer.status, answer.header("location")]).toEqual([301, "./docs/?q=1//x"]);
    expect(new URL(answer.header("location") as string, "http://a.example/docs").href).toBe(
      "http://a.example/docs/?q=1//x",
    );
    const odd = await client.get("/gr%C3%BC%C3%9Fe:%20100%25").follow(1).send();
    expect(odd.text()).toBe("<h1>grüße</h1>");
    for (const path of ["/strange", "/strange/", "/strange/index.html"]) {
      expect((await get(path)).status).toBe(404);
    }
    expect((await get("/empty")).status).toBe(404);
    expect((await get("/empty/")).status).toBe(404);
    expect((await get("/hello.txt/")).status).toBe(404);
  });

  test("show no folder when there is no index to show", async () => {
    await use({ index: false });
    for (const path of ["/", "/docs", "/docs/"]) expect((await get(path)).status).toBe(404);
    expect((await get("/docs/index.html")).status).toBe(200);
  });

  test.each([
    "//evil.example/docs",
    "//evil.example",
    "///evil.example/..",
    "/\\evil.example/docs",
    "/%5cevil.example/docs",
    "/%2fevil.example/docs",
    "//docs",
  ])("never redirect %s to another host", async (path) => {
    await use();
    const answer = await get(path);
    expect([400, 404]).toContain(answer.status);
    expect(answer.header("location")).toBeUndefined();
  });

  test.each([
    "/../secret.txt",
    "/docs/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2E%2e/secret.txt",
    "/.%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%2fsecret.txt",
    "/docs%2f..%2f..%2fsecret.txt",
    "/docs%2findex.html",
    "/%252e%252e/secret.txt",
    "/%252e%252e%252fsecret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/docs\\..\\..\\secret.txt",
    "/....//secret.txt",
    "/..;/secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/%uff0e%uff0e/secret.txt",
    "/hello.txt%00",
    "/hello.txt%00.html",
    "/../secret.txt%00.txt",
    "/up/secret.txt",
    "/outside.txt",
    "/.env",
    "/%2eenv",
    "/.git/config",
    "/.git/",
    "/.",
    "/./hello.txt",
    "//hello.txt",
    "/docs//index.html",
    "/etc/passwd",
    "//etc/passwd",
    "/fifo",
    "/file:///etc/passwd",
    `/${"a/".repeat(2000)}x`,
    `/${"x".repeat(300)}`,
  ])("give nothing away for %s", async (path) => {
    await use({ precompressed: true });
    const answer = await get(path);
    expect([400, 404, 414]).toContain(answer.status);
    expect(answer.text()).not.toMatch(/secret|root:|0123456789|<h1>/);
  });

  test("are read with GET and HEAD alone, whatever the route", async () => {
    client = await serve(App.withState({}).all("/*path", staticFiles(root)));
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const answer = await get("/hello.txt", {}, method);
      expect([answer.status, answer.header("allow")]).toEqual([405, "GET, HEAD"]);
    }
  });

  test("may be chosen by the app", async () => {
    const files = staticFiles(root);
    client = await serve(
      App.withState({})
        .get("/favicon.ico", (req) => files(req, { path: "hello.txt" }))
        .mount("/assets", appWith()),
    );
    expect((await get("/favicon.ico")).text()).toBe("0123456789");
    expect((await get("/assets/hello.txt")).text()).toBe("0123456789");
    expect((await get("/assets/")).text()).toBe("<h1>home</h1>");
    expect((await get("/assets/docs")).header("location")).toBe("./docs/");
  });

  test("have the Cache-Control and the types that they are given", async () => {
    await use({
      cacheControl: (path) => (path.startsWith("docs/") ? "no-store" : "public, max-age=31536000, immutable"),
      types: { bin: "application/x-thing" },
    });
    expect((await get("/docs/")).header("cache-control")).toBe("no-store");
    const answer = await get("/large.bin");
    expect(answer.header("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(answer.header("content-type")).toBe("application/x-thing");
  });

  test("are sent precompressed to who can read it, as versions of their own", async () => {
    await use({ precompressed: true });
    const br = await get("/app.js", { "Accept-Encoding": "gzip;q=0.5, br" });
    expect(br.header("content-encoding")).toBe("br");
    expect(br.header("content-type")).toBe("text/javascript; charset=utf-8");
    expect(br.header("vary")).toBe("Accept-Encoding");
    expect(brotliDecompressSync(br.bytes).toString()).toBe(SCRIPT);

    const gzip = await get("/app.js", { "Accept-Encoding": "zstd, gzip" });
    expect(gzip.header("content-encoding")).toBe("gzip");
    const plain = await get("/app.js");
    expect(plain.header("content-encoding")).toBeUndefined();
    expect(plain.header("vary")).toBe("Accept-Encoding");
    expect(plain.text()).toBe(SCRIPT);
    expect(new Set([br, gzip, plain].map((answer) => answer.header("etag"))).size).toBe(3);

    const again = await get("/app.js", {
      "Accept-Encoding": "br",
      "If-None-Match": br.header("etag") as string,
    });
    expect([again.status, again.header("vary")]).toEqual([304, "Accept-Encoding"]);
    const part = await get("/app.js", { "Accept-Encoding": "br", Range: "bytes=0-4" });
    expect(part.status).toBe(206);
    expect(Buffer.compare(part.bytes, br.bytes.subarray(0, 5))).toBe(0);
    // A folder of that name is no sibling.
    expect((await get("/hello.txt", { "Accept-Encoding": "gzip" })).text()).toBe("0123456789");
  });

  test("behind compression keep working", async () => {
    client = await serve(appWith({ precompressed: true }).wrap(compression()));
    const precompressed = await get("/app.js", { "Accept-Encoding": "br" });
    expect(brotliDecompressSync(precompressed.bytes).toString()).toBe(SCRIPT);
    client = await serve(appWith().wrap(compression()));
    const compressed = await get("/app.js", { "Accept-Encoding": "br" });
    expect(compressed.header("etag")).toMatch(/^W\//);
    const again = await get("/app.js", {
      "Accept-Encoding": "br",
      "If-None-Match": compressed.header("etag") as string,
    });
    expect([again.status, again.header("etag")]).toEqual([304, compressed.header("etag")]);
    expect((await get("/app.js", { "Accept-Encoding": "br", Range: "bytes=0-1" })).status).toBe(206);
  });
});

describe("a folder", () => {
  test.each(["nowhere", "hello.txt"])("that is none is refused at start-up: %s", (name) => {
    expect(() => staticFiles(join(root, name))).toThrow(/staticFiles: .*(?:cannot be opened|no folder)/);
  });

  test("with a Cache-Control that no header can carry is refused at start-up", () => {
    expect(() => staticFiles(root, { cacheControl: "no-store\r\nX: y" })).toThrow(TypeError);
  });
});

const open = trackServers();

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

test.skipIf(process.platform !== "linux")(
  "no answer leaves a file open, an aborted download neither",
  async () => {
    const server = await open(appWith({ precompressed: true }).wrap(compression()));
    const download = (path: string, method = "GET", more = "") =>
      new Promise<void>((resolve) => {
        const socket = connect(server.port, "127.0.0.1");
        socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`);
        // The first bytes are enough.
        socket.once("data", () => socket.destroy()).once("close", () => resolve());
      });
    writeFileSync(join(root, "huge.bin"), Buffer.alloc(20_000_000));
    writeFileSync(
      join(root, "huge.txt"),
      crypto.getRandomValues(Buffer.alloc(60_000)).toString("hex").repeat(100),
    );
    const before = openFiles();
    for (let round = 0; round < 5; round += 1) {
      await download("/huge.bin");
      await download("/huge.bin", "HEAD");
      await download("/huge.txt", "GET", "Accept-Encoding: gzip\r\n");
      await download("/huge.txt", "HEAD", "Accept-Encoding: gzip\r\n");
      await download("/huge.bin", "GET", "Range: bytes=1-19000000\r\n");
      await download("/huge.bin", "GET", "Range: bytes=99999999-\r\n");
      await download("/huge.bin", "GET", "If-None-Match: *\r\n");
      await download("/huge.bin", "GET", 'If-Match: "x"\r\n');
      await download("/app.js", "GET", "Accept-Encoding: br\r\n");
      await download("/hello.txt", "GET", "Accept-Encoding: gzip\r\n");
      await download("/docs");
      await download("/docs/");
      await download("/empty/");
      await download("/hello.txt/");
      await download("/outside.txt");
      await download("/fifo");
    }
    await vi.waitFor(() => expect(openFiles()).toBeLessThanOrEqual(before));
  },
);

test("a file that shrinks while it is sent cuts the connection, never a short whole", async () => {
  const { truncateSync } = await import("node:fs");
  const path = join(root, "shrinking.bin");
  writeFileSync(path, Buffer.alloc(50_000_000));
  const server = await open(
    App.withState({})
      .onError(() => undefined)
      .get("/*path", staticFiles(root)),
  );
  const answer = await fetch(`${server.url}/shrinking.bin`);
  expect(answer.headers.get("content-length")).toBe("50000000");
  truncateSync(path, 100);
  await expect(answer.arrayBuffer()).rejects.toThrow("terminated");
});
