import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test, vi } from "vitest";
import { App, Response } from "../src/index.ts";
import { describeEach, trackServers } from "./harness.ts";

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 5000 });

async function* count(to: number) {
  for (let index = 0; index < to; index += 1) yield `${index},`;
}

describeEach("a stream", (serve) => {
  test.each<[string, () => ConstructorParameters<typeof Response>[2]]>([
    ["an async iterable", () => count(3)],
    ["a Node stream", () => Readable.from(["0,", "1,", "2,"])],
    ["a web stream", () => ReadableStream.from(["0,", "1,", "2,"])],
    ["a stream of bytes", () => Readable.from([Buffer.from("0,1,"), new Uint8Array([50, 44])])],
  ])("that is %s is sent", async (_kind, body) => {
    const client = await serve(new App(undefined).get("/", () => new Response(200, [], body())));
    const answer = await client.get("/").send();
    expect([answer.text(), answer.header("content-length")]).toEqual(["0,1,2,", undefined]);
  });

  test("may be empty, or have a length that is known", async () => {
    const app = new App(undefined)
      .get("/empty", () => Response.stream(200, count(0)))
      .get("/known", () => Response.stream(200, count(2)).setHeader("Content-Length", "4"));
    const client = await serve(app);
    expect((await client.get("/empty").send()).text()).toBe("");
    const known = await client.get("/known").send();
    expect([known.text(), known.header("content-length")]).toEqual(["0,1,", "4"]);
  });

  test("of 204 and 304 is let go", async () => {
    const cancelled: number[] = [];
    const app = new App(undefined).get("/:status", (_req, { status }) =>
      Response.stream(
        Number(status),
        new ReadableStream({ cancel: () => void cancelled.push(Number(status)) }),
      ),
    );
    const client = await serve(app);
    for (const status of [204, 304]) expect((await client.get(`/${status}`).send()).status).toBe(status);
    expect(cancelled).toEqual([204, 304]);
  });
});

describe("a stream over a socket", () => {
  const open = trackServers();

  async function get(url: string, path = "/") {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return socket;
  }

  async function readToEnd(socket: ReturnType<typeof connect>): Promise<string> {
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).on("error", () => {});
    if (!socket.closed) await once(socket, "close");
    return text;
  }

  test("is taken from its source no faster than the client reads", async () => {
    let taken = 0;
    async function* endless() {
      for (;;) {
        taken += 1;
        yield Buffer.alloc(65_536);
      }
    }
    const server = await open(new App(undefined).get("/", () => Response.stream(200, endless())));
    const socket = await get(server.url);
    socket.pause();
    await until(() => taken > 0);
    let before = -1;
    // It comes to rest once the buffers of both kernels are full.
    await vi.waitFor(
      () => {
        const isAtRest = taken === before;
        before = taken;
        expect(isAtRest).toBe(true);
      },
      { timeout: 5000, interval: 300 },
    );
    expect(taken).toBeLessThan(1000);
    socket.destroy();
  });

  test.each<[string, (onEnd: () => void) => ConstructorParameters<typeof Response>[2]]>([
    [
      "an async iterable",
      async function* (onEnd) {
        try {
          for (;;) {
            yield "x";
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        } finally {
          onEnd();
        }
      },
    ],
    [
      "a Node stream that is stuck",
      (onEnd) => new Readable({ read() {}, destroy: (_error, done) => (onEnd(), done(null)) }),
    ],
    ["a web stream that is stuck", (onEnd) => new ReadableStream({ cancel: onEnd })],
  ])("lets go of %s when the client leaves, and nothing is logged", async (_kind, body) => {
    const log = vi.spyOn(console, "error");
    let ended = false;
    let aborted = false;
    const app = new App(undefined).get("/", (req) => {
      req.signal.addEventListener("abort", () => (aborted = true));
      return new Response(
        200,
        [],
        body(() => (ended = true)),
      );
    });
    const server = await open(app);
    const socket = await get(server.url);
    await once(socket, "data");
    socket.destroy();
    await until(() => ended && aborted);
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  test.each<[string, () => Response]>([
    ["throws", () => Response.stream(200, failing())],
    [
      "is shorter than its Content-Length",
      () => Response.stream(200, count(1)).setHeader("Content-Length", "3"),
    ],
    [
      "is longer than its Content-Length",
      () => Response.stream(200, count(9)).setHeader("Content-Length", "3"),
    ],
    ["yields what is no chunk", () => Response.stream(200, Readable.from(["a", 2]) as never)],
    [
      "is a Node stream with an error",
      () =>
        Response.stream(
          200,
          new Readable({
            read() {
              this.push("a");
              this.destroy(new Error("x"));
            },
          }),
        ),
    ],
  ])(
    "that %s is cut, so that nobody takes it for whole, and the error is reported",
    async (_what, respond) => {
      const errors: unknown[] = [];
      const app = new App(undefined)
        .onError((error) => void errors.push(error))
        .get("/", respond)
        .get("/next", () => Response.text(200, "next"));
      const server = await open(app);
      const text = await readToEnd(await get(server.url));
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).not.toContain("\r\n0\r\n\r\n");
      expect(text).not.toMatch(/Content-Length: 3\r\n(?:.*\r\n)*\r\n...$/);
      expect(errors).toHaveLength(1);
      expect(await (await fetch(`${server.url}/next`)).text()).toBe("next");
    },
  );

  test("keeps no chunk that was sent", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const kept: WeakRef<Uint8Array>[] = [];
    async function* many() {
      for (let index = 0; index < 200; index += 1) {
        const chunk = new Uint8Array(10_000);
        kept.push(new WeakRef(chunk));
        yield chunk;
        await new Promise((resolve) => setImmediate(resolve));
      }
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
      collect();
      yield String(kept.filter((chunk) => chunk.deref() !== undefined).length);
    }
    const server = await open(new App(undefined).get("/", () => Response.stream(200, many())));
    const text = await (await fetch(server.url)).text();
    expect(Number(text.slice(200 * 10_000))).toBeLessThan(20);
  });

  async function* failing() {
    yield "a";
    throw new Error("broken");
  }
});
