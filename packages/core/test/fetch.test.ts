import { describe, expect, test } from "vitest";
import { App, Response as Answer } from "../src/index.ts";

describe("app.fetch", () => {
  test("takes a web request and gives a web response", async () => {
    const app = new App(undefined).post("/a/:b", async (req, { b }, conn) =>
      Answer.json(201, [
        b,
        req.query.get("q"),
        await req.text(),
        req.header("x-a"),
        conn.scheme,
        conn.host,
      ]).appendHeader("Set-Cookie", "a=1"),
    );
    const request = new Request("https://example.org:8443/a/%C3%A9?q=1", {
      method: "POST",
      body: "body",
      headers: { "X-A": "1" },
    });
    const answer = await app.fetch(request);
    expect([answer.status, answer.statusText, answer.headers.getSetCookie()]).toEqual([
      201,
      "Created",
      ["a=1"],
    ]);
    expect(await answer.json()).toEqual(["é", "1", "body", "1", "https", "example.org:8443"]);
  });

  test("is told where the request comes from, and which proxies are believed", async () => {
    const app = new App(undefined).get("/", (req, _params, conn) =>
      Answer.json(200, [conn.client.ip, conn.clientIp, conn.scheme, conn.host, conn.closing, req.path]),
    );
    const request = () =>
      new Request("http://inner/", {
        headers: { "X-Forwarded-For": "6.6.6.6, 192.0.2.7", "X-Forwarded-Proto": "https" },
      });
    const peer = { client: { ip: "10.0.0.1", port: 1 }, isClosing: () => true };
    const trusting = await app.fetch(request(), { peer, trustProxy: ["10.0.0.0/8"] });
    expect(await trusting.json()).toEqual(["10.0.0.1", "192.0.2.7", "https", "inner", true, "/"]);
    const other = await app.fetch(request(), {
      peer: { client: { ip: "192.0.2.1", port: 1 } },
      trustProxy: 1,
    });
    expect(await other.json()).toEqual(["192.0.2.1", "192.0.2.7", "https", "inner", false, "/"]);
    const wary = await app.fetch(request(), { peer });
    expect(await wary.json()).toEqual(["10.0.0.1", "10.0.0.1", "http", "inner", true, "/"]);
    await expect(app.fetch(request(), { trustProxy: 0 })).rejects.toThrow("trustProxy: 0");
  });

  test("streams both ways, chunk by chunk", async () => {
    const app = new App(undefined).post("/", (req) => {
      async function* upper() {
        for await (const chunk of req.stream) yield Buffer.from(chunk).toString().toUpperCase();
      }
      return Answer.stream(200, upper());
    });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const init: RequestInit & { duplex: "half" } = { method: "POST", body: readable, duplex: "half" };
    const reader = (await app.fetch(new Request("http://a/", init))).body?.getReader();
    for (const word of ["one", "two"]) {
      void writer.write(Buffer.from(word));
      const chunk = await reader?.read();
      expect(Buffer.from(chunk?.value ?? []).toString()).toBe(word.toUpperCase());
    }
    void writer.close();
    expect((await reader?.read())?.done).toBe(true);
  });

  test("takes no more from a stream than is read, and lets go of it when it is cancelled", async () => {
    let taken = 0;
    let ended = false;
    async function* endless() {
      try {
        for (;;) {
          taken += 1;
          yield "x";
        }
      } finally {
        ended = true;
      }
    }
    const { body } = await new App(undefined)
      .get("/", () => Answer.stream(200, endless()))
      .fetch(new Request("http://a/"));
    const reader = body?.getReader();
    await reader?.read();
    expect(taken).toBeLessThan(4);
    await reader?.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(true);
  });

  test("gives an empty body for an empty stream, HEAD, 204, 205 and 304", async () => {
    const app = new App(undefined).get("/:status", (_req, { status }) =>
      Answer.stream(Number(status), ReadableStream.from<string>([])),
    );
    for (const status of [200, 204, 205, 304]) {
      const answer = await app.fetch(new Request(`http://a/${status}`));
      expect([answer.status, await answer.text()]).toEqual([status, ""]);
    }
    expect((await app.fetch(new Request("http://a/200", { method: "HEAD" }))).body).toBeNull();
  });

  test("passes bytes on untouched, empty chunks and all", async () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index);
    const app = new App(undefined)
      .get("/bytes", () => Answer.bytes(200, bytes))
      .get("/chunks", () => Answer.stream(200, ReadableStream.from([bytes, new Uint8Array(), bytes])));
    expect(await (await app.fetch(new Request("http://a/bytes"))).bytes()).toEqual(bytes);
    expect(await (await app.fetch(new Request("http://a/chunks"))).bytes()).toHaveLength(2000);
  });

  test("aborts the request's signal with the caller's", async () => {
    const leaving = new AbortController();
    const app = new App(undefined).get("/", async (req) => {
      leaving.abort();
      return Answer.text(200, String(req.signal.aborted));
    });
    expect(await (await app.fetch(new Request("http://a/", { signal: leaving.signal }))).text()).toBe("true");
  });

  test("refuses methods that nothing is registered for, whatever their name", async () => {
    const app = new App(undefined).get("/", () => Answer.empty(204));
    for (const method of ["constructor", "toString", "BREW"]) {
      expect((await app.fetch(new Request("http://a/", { method }))).status).toBe(405);
    }
  });
});
