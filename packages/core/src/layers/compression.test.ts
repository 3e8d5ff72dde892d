import { setTimeout as sleep } from "node:timers/promises";
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  zstdDecompressSync,
} from "node:zlib";
import { describe, expect, test } from "vitest";
import { describeEach } from "../../test/harness.ts";
import { App } from "../app.ts";
import { Header } from "../http/header.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { compression } from "./compression.ts";

const PAGE = "<p>hello, hello, hello</p>\n".repeat(200);
const LARGE = PAGE.repeat(40);
const hasZstd = typeof zstdDecompressSync === "function";

describeEach("compression", (serve) => {
  test.each([
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
    ...(hasZstd ? ([["zstd", zstdDecompressSync]] as const) : []),
  ] as const)(
    "sends %s to a client that likes it, and the same when it is a stream",
    async (name, decode) => {
      async function* rows() {
        for (let row = 0; row < 100; row += 1) yield PAGE;
      }
      const client = await serve(
        App.withState({})
          .wrap(compression())
          .get("/small", () => Response.html(200, PAGE))
          .get("/large", () => Response.html(200, LARGE))
          .get("/bytes", () => Response.bytes(200, Buffer.from(PAGE), "text/css"))
          .get("/stream", () => Response.stream(200, rows(), "text/plain")),
      );
      for (const [path, text] of [
        ["/small", PAGE],
        ["/large", LARGE],
        ["/bytes", PAGE],
        ["/stream", PAGE.repeat(100)],
      ] as const) {
        const answer = await client.get(path).header("Accept-Encoding", name).send();
        expect(answer.status).toBe(200);
        expect(answer.header("content-encoding")).toBe(name);
        expect(answer.header("vary")).toBe("Accept-Encoding");
        expect(answer.bytes.byteLength).toBeLessThan(text.length / 5);
        expect(decode(answer.bytes).toString()).toBe(text);
      }
    },
  );

  test("sends it plain to a client that refuses every coding, and tells caches so", async () => {
    const app = App.withState({}).wrap(compression());
    const client = await serve(app.get("/", () => Response.html(200, PAGE)));
    const answer = await client.get("/").header("Accept-Encoding", "gzip;q=0, *;q=0").send();
    expect(answer.header("content-encoding")).toBeUndefined();
    expect(answer.header("vary")).toBe("Accept-Encoding");
    expect(answer.text()).toBe(PAGE);
  });

  test("leaves alone what it must not or need not touch", async () => {
    const page = (...headers: [string, string][]): Response => {
      const response = Response.html(200, PAGE);
      for (const [name, value] of headers) response.setHeader(name, value);
      return response;
    };
    const client = await serve(
      App.withState({})
        .wrap(compression())
        .get("/tiny", () => Response.text(200, "tiny"))
        .get("/image", () => page(["Content-Type", "image/png"]))
        .get("/events", () => page(["Content-Type", "text/event-stream; charset=utf-8"]))
        .get("/encoded", () => page(["Content-Encoding", "br"]))
        .get("/no-transform", () => page(["Cache-Control", "public, No-Transform"]))
        .get("/part", () => new Response(206, [new Header("Content-Range", "bytes 0-9/99")], PAGE))
        .get("/digest", () => page(["Repr-Digest", "sha-256=:AA==:"]))
        .get("/cookie", () => page(["Set-Cookie", "sid=1"])),
    );
    for (const path of [
      "/tiny",
      "/image",
      "/events",
      "/encoded",
      "/no-transform",
      "/part",
      "/digest",
      "/cookie",
    ]) {
      const answer = await client.get(path).header("Accept-Encoding", "gzip").send();
      expect([path, answer.header("content-encoding")]).toEqual([
        path,
        path === "/encoded" ? "br" : undefined,
      ]);
      expect(answer.text()).toBe(path === "/tiny" ? "tiny" : PAGE);
    }
  });

  test("compresses what sets a cookie only when asked", async () => {
    const app = App.withState({}).wrap(compression({ withCookies: true }));
    const client = await serve(
      app.get("/", () => Response.html(200, PAGE).setHeader("Set-Cookie", "a=b; Path=/")),
    );
    const answer = await client.get("/").header("Accept-Encoding", "gzip").send();
    expect(answer.header("content-encoding")).toBe("gzip");
    expect(answer.cookie("a")?.value).toBe("b");
  });

  test("weakens the ETag, drops Accept-Ranges, and says the same of a 304", async () => {
    const app = App.withState({}).wrap(compression());
    const client = await serve(
      app.get("/", (req) => {
        const has = req.header("if-none-match") !== undefined;
        const response = has ? Response.empty(304) : Response.html(200, PAGE);
        return response.setHeader("ETag", '"v1"').setHeader("Accept-Ranges", "bytes");
      }),
    );
    const first = await client.get("/").header("Accept-Encoding", "gzip").send();
    expect(first.header("etag")).toBe('W/"v1"');
    expect(first.header("accept-ranges")).toBeUndefined();
    const again = await client
      .get("/")
      .header("Accept-Encoding", "gzip")
      .header("If-None-Match", 'W/"v1"')
      .send();
    expect(again.status).toBe(304);
    expect(again.header("etag")).toBe('W/"v1"');
    expect(again.header("vary")).toBe("Accept-Encoding");
    const plain = await client.get("/").send();
    expect(plain.header("etag")).toBe('"v1"');
  });

  test("answers HEAD with the fields of GET and no body", async () => {
    const app = App.withState({}).wrap(compression());
    const client = await serve(
      app
        .get("/small", () => Response.html(200, PAGE))
        .get("/large", () => Response.html(200, LARGE))
        .get("/stream", () =>
          Response.stream(
            200,
            (async function* () {
              yield PAGE;
            })(),
            "text/plain",
          ),
        ),
    );
    for (const path of ["/small", "/large", "/stream"]) {
      const get = await client.get(path).header("Accept-Encoding", "gzip").send();
      const head = await client.head(path).header("Accept-Encoding", "gzip").send();
      expect(head.bytes.byteLength).toBe(0);
      for (const name of ["content-encoding", "content-length", "vary", "content-type"]) {
        expect([path, name, head.header(name)]).toEqual([path, name, get.header(name)]);
      }
    }
  });

  test("of a stream that fails is cut off, never a short whole", async () => {
    async function* failing() {
      yield PAGE;
      await sleep(20);
      throw new Error("the source failed");
    }
    const app = App.withState({})
      .wrap(compression())
      .onError(() => undefined);
    const client = await serve(app.get("/", () => Response.stream(200, failing(), "text/plain")));
    await expect(client.get("/").header("Accept-Encoding", "gzip").send()).rejects.toThrow(
      /failed|aborted|hang up|INTERNAL_ERROR/,
    );
  });
});

describe("compression of a stream", () => {
  const handle = async (body: AsyncIterable<string>, coding = "gzip"): Promise<NodeJS.ReadableStream> => {
    const app = App.withState({}).wrap(compression());
    app.get("/", () => Response.stream(200, body, "text/plain"));
    const headers = [{ name: "Accept-Encoding", value: coding }];
    const response = await app.handle(new Request({ method: "GET", url: "/", headers }));
    return response.body as unknown as NodeJS.ReadableStream;
  };

  test.each([
    ["gzip", createGunzip],
    ["br", createBrotliDecompress],
    ...(hasZstd ? ([["zstd", createZstdDecompress]] as const) : []),
  ] as const)("hands out what came so far when the source pauses, as %s", async (coding, createDecoder) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    async function* slow() {
      yield "first";
      await released;
      yield "second";
    }
    const chunks = (await handle(slow(), coding))[Symbol.asyncIterator]();
    const seen: Buffer[] = [];
    const decoder = createDecoder();
    decoder.on("data", (chunk: Buffer) => seen.push(chunk));
    while (Buffer.concat(seen).toString() !== "first") {
      const { value } = await chunks.next();
      await new Promise((resolve) => decoder.write(value as unknown as Buffer, resolve));
      await sleep(1);
    }
    release();
    for (;;) {
      const { done, value } = await chunks.next();
      if (done) break;
      decoder.write(value as unknown as Buffer);
    }
    decoder.end();
    await new Promise((resolve) => {
      decoder.once("end", resolve);
    });
    expect(Buffer.concat(seen).toString()).toBe("firstsecond");
  });

  test("lets its source go when nobody reads on", async () => {
    let letGo = false;
    async function* endless() {
      try {
        for (;;) {
          yield Buffer.from(crypto.getRandomValues(new Uint8Array(10_000))).toString("hex");
          await sleep(1);
        }
      } finally {
        letGo = true;
      }
    }
    for await (const _ of await handle(endless())) break;
    await sleep(20);
    expect(letGo).toBe(true);
  });

  test("reads its source no faster than it is read", async () => {
    let read = 0;
    async function* endless() {
      for (;;) {
        read += 1;
        yield Buffer.from(crypto.getRandomValues(new Uint8Array(20_000))).toString("base64");
      }
    }
    const body = await handle(endless());
    const chunks = body[Symbol.asyncIterator]();
    await chunks.next();
    await sleep(100);
    const settled = read;
    await sleep(100);
    expect(read).toBe(settled);
    await chunks.return?.();
  });
});

describe("the compression layer", () => {
  test("keeps a synchronous answer synchronous, and a shared response as it was", () => {
    const shared = Response.html(200, PAGE);
    const app = App.withState({})
      .wrap(compression())
      .get("/", () => shared);
    const headers = [{ name: "Accept-Encoding", value: "gzip" }];
    const answer = app.handle(new Request({ method: "GET", url: "/", headers }));
    expect(answer).toBeInstanceOf(Response);
    expect((answer as Response).header("content-encoding")).toBe("gzip");
    expect(shared.headers).toEqual([{ name: "Content-Type", value: "text/html; charset=utf-8" }]);
    expect(shared.body).toBe(PAGE);
  });

  test("refuses a coding that does not exist and a size that is none", () => {
    expect(() => compression({ encodings: ["rot13" as "gzip"] })).toThrow(/got "rot13"/);
    expect(() => compression({ minBytes: -1 })).toThrow(/minBytes/);
    expect(() => compression({ minBytes: Number.NaN })).toThrow(/minBytes/);
  });
});
