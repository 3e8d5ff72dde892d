import { expect, test } from "vitest";
import {
  accessLog,
  type AccessLogEntry,
  App,
  assertPreconditions,
  compression,
  Response,
} from "../src/index.ts";
import { describeEach } from "./harness.ts";

const THEN = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER = "Sun, 06 Nov 1994 08:49:38 GMT";
const EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";

/** What a handler makes, with validators. */
function appOf(headers: Record<string, string>, body: Response["body"] = "0123456789"): App<undefined> {
  return new App(undefined).get("/", () => {
    const response = new Response(200, [], body);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    return response;
  });
}

describeEach("what a handler makes, with an ETag or Last-Modified", (serve) => {
  test.each<[Record<string, string>, Record<string, string>, number]>([
    [{ ETag: '"a"' }, {}, 200],
    [{ ETag: '"a"' }, { "If-None-Match": '"a"' }, 304],
    [{ ETag: '"a"' }, { "If-None-Match": 'W/"a"' }, 304],
    [{ ETag: 'W/"a"' }, { "If-None-Match": '"b", "a"' }, 304],
    [{ ETag: '"a"' }, { "If-None-Match": "*" }, 304],
    [{ ETag: '"a"' }, { "If-None-Match": '"b"' }, 200],
    [{ ETag: '"a"' }, { "If-None-Match": "a" }, 200],
    [{ ETag: '"a"' }, { "If-Match": '"a"' }, 200],
    [{ ETag: '"a"' }, { "If-Match": "*" }, 200],
    [{ ETag: '"a"' }, { "If-Match": '"b"' }, 412],
    [{ ETag: 'W/"a"' }, { "If-Match": 'W/"a"' }, 412],
    [{ ETag: '"a"' }, { "If-Match": '"b"', "If-None-Match": '"a"' }, 412],
    // One without quotes is no entity tag: nothing equals it.
    [{ ETag: "a" }, { "If-None-Match": "a" }, 200],
    [{ ETag: "xax" }, { "If-None-Match": '"a"' }, 200],
    [{ ETag: '"a"' }, { "If-Modified-Since": LATER }, 200],
    [{ "Last-Modified": THEN }, { "If-Modified-Since": THEN }, 304],
    [{ "Last-Modified": THEN }, { "If-Modified-Since": EARLIER }, 200],
    [{ "Last-Modified": THEN }, { "If-Modified-Since": "yesterday" }, 200],
    [{ "Last-Modified": "yesterday" }, { "If-Modified-Since": THEN }, 200],
    [{ "Last-Modified": THEN }, { "If-Unmodified-Since": EARLIER }, 412],
    [{ "Last-Modified": THEN }, { "If-Unmodified-Since": THEN }, 200],
    [{ ETag: '"a"' }, { "If-Unmodified-Since": EARLIER }, 200],
    // If-None-Match goes before If-Modified-Since.
    [{ ETag: '"a"', "Last-Modified": THEN }, { "If-None-Match": '"b"', "If-Modified-Since": LATER }, 200],
    [{}, { "If-None-Match": "*", "If-Match": '"b"' }, 200],
  ])("%j, asked for with %j, is %i", async (fields, conditions, status) => {
    const client = await serve(appOf(fields));
    for (const method of ["GET", "HEAD"]) {
      const request = client.request(method, "/");
      for (const [name, value] of Object.entries(conditions)) request.header(name, value);
      expect((await request.send()).status).toBe(status);
    }
  });

  test("keeps in a 304 what caches need, and has no content", async () => {
    const fields = { ETag: '"a"', "Cache-Control": "private", Vary: "Cookie", "Content-Type": "text/css" };
    const client = await serve(appOf({ ...fields, "Set-Cookie": "a=1", "Content-Location": "/x" }));
    const answer = await client.get("/").header("If-None-Match", '"a"').send();
    expect([answer.status, answer.text()]).toEqual([304, ""]);
    expect(answer.header("content-type")).toBeUndefined();
    expect(answer.header("content-length")).toBeUndefined();
    const kept = ["etag", "cache-control", "vary", "content-location", "set-cookie"];
    expect(kept.map((name) => answer.header(name))).toEqual(['"a"', "private", "Cookie", "/x", "a=1"]);
  });

  test("is 304 without its stream being started, and with it being let go", async () => {
    const seen: string[] = [];
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          seen.push("next");
          return { done: true, value: "" } as const;
        },
        return: async () => {
          seen.push("return");
          return { done: true, value: "" } as const;
        },
      }),
    };
    const client = await serve(appOf({ ETag: '"a"' }, body));
    expect((await client.get("/").header("If-None-Match", '"a"').send()).status).toBe(304);
    expect(seen).toEqual(["return"]);
  });

  test("is 200 for a method that changes something, or a status of its own", async () => {
    const app = new App(undefined)
      .post("/", () => Response.text(200, "x").setHeader("ETag", '"a"'))
      .get("/", () => Response.text(203, "x").setHeader("ETag", '"a"'));
    const client = await serve(app);
    expect((await client.post("/").header("If-None-Match", '"a"').send()).status).toBe(200);
    expect((await client.get("/").header("If-None-Match", '"a"').send()).status).toBe(203);
  });

  test("is revalidated when it was compressed, too", async () => {
    const app = appOf({ ETag: '"a"' }, "x".repeat(5000)).wrap(compression());
    const client = await serve(app);
    const first = await client.get("/").header("Accept-Encoding", "gzip").send();
    const etag = first.header("etag") ?? "";
    const again = await client
      .get("/")
      .header("Accept-Encoding", "gzip")
      .header("If-None-Match", etag)
      .send();
    expect([etag, again.status, again.header("vary")]).toEqual(['W/"a"', 304, "Accept-Encoding"]);
    expect(again.header("content-encoding")).toBeUndefined();
  });

  test("is logged as it is sent", async () => {
    const log: AccessLogEntry[] = [];
    const client = await serve(
      appOf({ ETag: '"a"' }).wrap(accessLog({ write: (entry) => void log.push(entry) })),
    );
    await client.get("/").send();
    await client.get("/").header("If-None-Match", '"a"').send();
    await client.get("/").header("Range", "bytes=2-4").send();
    expect(log.map(({ status, bytes }) => [status, bytes])).toEqual([
      [200, 10],
      [304, 0],
      [206, 3],
    ]);
  });
});

describeEach("a part of what a handler makes", (serve) => {
  test.each<[string, number, string, string | undefined]>([
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=-200", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=9-100", 206, "9", "bytes 9-9/10"],
    ["bytes=0-1,3-4", 200, "0123456789", undefined],
    ["bytes=3-1", 200, "0123456789", undefined],
    ["pages=1-2", 200, "0123456789", undefined],
    ["bytes=99999999999999999999-", 416, "", "bytes */10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=-0", 416, "", "bytes */10"],
  ])("%s is %i", async (range, status, text, contentRange) => {
    for (const body of ["0123456789", Buffer.from("0123456789")]) {
      const client = await serve(appOf({ ETag: '"a"' }, body));
      const answer = await client.get("/").header("Range", range).send();
      expect([answer.status, answer.header("content-range")]).toEqual([status, contentRange]);
      expect(status === 416 ? "" : answer.text()).toBe(text);
      expect(Number(answer.header("content-length"))).toBe(answer.bytes.length);
    }
  });

  test("is counted in bytes, and of the type of the whole", async () => {
    const client = await serve(appOf({ ETag: '"a"' }, "aéb"));
    const answer = await client.get("/").header("Range", "bytes=1-2").send();
    expect([answer.text(), answer.header("content-type")]).toEqual(["é", "text/plain; charset=utf-8"]);
    const html = await serve(appOf({ ETag: '"a"', "Content-Type": "text/html" }, Buffer.from("abc")));
    expect((await html.get("/").header("Range", "bytes=1-").send()).header("content-type")).toBe("text/html");
  });

  test.each<[Record<string, string>, Record<string, string>, number]>([
    [{ ETag: '"a"' }, { "If-Range": '"a"' }, 206],
    [{ ETag: '"a"' }, { "If-Range": '"b"' }, 200],
    [{ ETag: 'W/"a"' }, { "If-Range": 'W/"a"' }, 200],
    [{ ETag: '"a"' }, { "If-Range": THEN }, 200],
    [{ "Last-Modified": THEN }, { "If-Range": THEN }, 206],
    [{ "Last-Modified": THEN }, { "If-Range": LATER }, 200],
    [{ "Last-Modified": THEN }, { "If-None-Match": "*" }, 304],
    [{ "Accept-Ranges": "bytes" }, {}, 206],
    [{ "Accept-Ranges": "none", ETag: '"a"' }, {}, 200],
    [{ "Content-Encoding": "gzip", ETag: '"a"' }, {}, 200],
    [{ "Content-Range": "bytes 0-9/20", ETag: '"a"' }, {}, 200],
    // Without a version nobody can tell whether two parts are of one whole.
    [{}, {}, 200],
  ])("of %j with %j is %i", async (fields, conditions, status) => {
    const client = await serve(appOf(fields));
    const request = client.get("/").header("Range", "bytes=1-2");
    for (const [name, value] of Object.entries(conditions)) request.header(name, value);
    expect((await request.send()).status).toBe(status);
  });

  test("is not for HEAD, nor for a stream", async () => {
    const client = await serve(appOf({ ETag: '"a"' }));
    expect((await client.head("/").header("Range", "bytes=1-2").send()).status).toBe(200);
    async function* stream() {
      yield "0123456789";
    }
    const streaming = await serve(appOf({ ETag: '"a"' }, stream()));
    expect((await streaming.get("/").header("Range", "bytes=1-2").send()).status).toBe(200);
  });
});

describeEach("a change with a condition", (serve) => {
  const app = (current: Parameters<typeof assertPreconditions>[1], required = false) =>
    new App(undefined).put("/", (req) => {
      assertPreconditions(req, current, { required });
      return Response.empty(204);
    });

  test.each<[Parameters<typeof assertPreconditions>[1], Record<string, string>, number]>([
    [{ etag: '"a"' }, { "If-Match": '"a"' }, 204],
    [{ etag: '"a"' }, { "If-Match": '"b"' }, 412],
    [{ etag: 'W/"a"' }, { "If-Match": 'W/"a"' }, 412],
    [{ etag: '"a"' }, { "If-Match": "*" }, 204],
    [{}, { "If-Match": "*" }, 204],
    [{}, { "If-Match": '"a"' }, 412],
    [undefined, { "If-Match": "*" }, 412],
    [undefined, { "If-None-Match": "*" }, 204],
    [{}, { "If-None-Match": "*" }, 412],
    [{ etag: '"a"' }, { "If-None-Match": 'W/"a"' }, 412],
    [{ etag: '"a"' }, { "If-None-Match": '"b"' }, 204],
    [{ lastModified: new Date(THEN) }, { "If-Unmodified-Since": EARLIER }, 412],
    [{ lastModified: new Date(THEN) }, { "If-Unmodified-Since": THEN }, 204],
    [{}, { "If-Unmodified-Since": EARLIER }, 204],
    [{ etag: '"a"' }, {}, 204],
  ])("of %j under %j is %i", async (current, conditions, status) => {
    const request = (await serve(app(current))).put("/");
    for (const [name, value] of Object.entries(conditions)) request.header(name, value);
    expect((await request.send()).status).toBe(status);
  });

  test("is 428 when one is required and there is none", async () => {
    const client = await serve(app({ etag: '"a"' }, true));
    expect((await client.put("/").send()).status).toBe(428);
    expect((await client.put("/").header("If-Match", '"a"').send()).status).toBe(204);
  });

  test("whose tag has no quotes is a mistake that is named", async () => {
    const errors: unknown[] = [];
    const client = await serve(app({ etag: "a" }).onError((error) => void errors.push(error)));
    expect((await client.put("/").send()).status).toBe(500);
    expect(String(errors[0])).toContain('assertPreconditions: "a" is no entity tag');
  });
});
