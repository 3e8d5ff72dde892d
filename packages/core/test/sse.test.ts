import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { selfSignedCertificate } from "../../../scripts/certificate.ts";
import { App, compression, sse, TestClient } from "../src/index.ts";
import { describeEach, trackServers } from "./harness.ts";

describeEach("server-sent events", (serve) => {
  test("arrive whole, behind every layer", async () => {
    const app = App.withState({})
      .wrap(compression())
      .get("/", (req) =>
        sse(req, async function* ({ lastEventId }) {
          yield { data: `after ${lastEventId}`, id: "2" };
          yield { data: "two\nlines", event: "note" };
        }),
      );
    const client = await serve(app);
    const answer = await client
      .get("/")
      .header("Last-Event-ID", "1")
      .header("Accept-Encoding", "gzip")
      .send();
    expect(answer.header("content-type")).toBe("text/event-stream");
    expect(answer.header("content-encoding")).toBeUndefined();
    expect(answer.text()).toBe("id: 2\ndata: after 1\n\nevent: note\ndata: two\ndata: lines\n\n");
  });

  test("may be strings, and carry objects as JSON", async () => {
    const app = App.withState({}).get("/", (req) =>
      sse(req, async function* () {
        yield "two\r\nlines";
        yield { data: { a: "1\n2" }, event: "note" };
        yield { data: null };
        yield { data: [1] };
        yield "";
      }),
    );
    const client = await serve(app);
    expect((await client.get("/").send()).text()).toBe(
      'data: two\ndata: lines\n\nevent: note\ndata: {"a":"1\\n2"}\n\ndata: null\n\ndata: [1]\n\ndata: \n\n',
    );
  });

  test("are not started for HEAD", async () => {
    const source = vi.fn<() => AsyncIterable<{ data: string }>>();
    const client = await serve(App.withState({}).get("/", (req) => sse(req, source)));
    const answer = await client.head("/").send();
    expect([answer.status, answer.header("content-type")]).toEqual([200, "text/event-stream"]);
    expect(source).not.toHaveBeenCalled();
  });
});

const open = trackServers();

test("each event is sent when it comes, and a client that leaves ends the source", async () => {
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();
  const { promise: more, resolve: goOn } = Promise.withResolvers<void>();
  const app = App.withState({}).get("/", (req) =>
    sse(req, async function* ({ signal }) {
      signal.addEventListener("abort", () => leave());
      yield { data: "one" };
      await more;
      yield { data: "two" };
      await new Promise(() => {});
    }),
  );
  const server = await open(app);
  const socket = connect(server.port, "127.0.0.1");
  let seen = "";
  socket.on("data", (chunk) => (seen += String(chunk)));
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await vi.waitFor(() => expect(seen).toContain("data: one\n\n"));
  expect(seen).not.toContain("two");
  goOn();
  await vi.waitFor(() => expect(seen).toContain("data: two\n\n"));
  socket.destroy();
  await left;
});

test("a client that does not read holds the source back", async () => {
  let made = 0;
  const large = "x".repeat(64 * 1024);
  const app = App.withState({}).get("/", (req) =>
    sse(req, async function* () {
      for (;;) {
        made += 1;
        yield { data: large };
      }
    }),
  );
  const server = await open(app);
  const socket = connect(server.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  socket.pause();
  let before = -1;
  while (made !== before) {
    before = made;
    await sleep(100);
  }
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(1000);
  socket.destroy();
});

test("a source that fails cuts the connection, and the error handler is told", async () => {
  const errors: unknown[] = [];
  const app = App.withState({})
    .onError((error) => {
      errors.push(error);
      return undefined;
    })
    .get("/", (req) =>
      sse(req, async function* () {
        yield { data: "one" };
        throw new Error("broken");
      }),
    );
  const server = await open(app);
  const answer = await fetch(server.url);
  await expect(answer.text()).rejects.toThrow("terminated");
  await vi.waitFor(() => expect(errors).toEqual([expect.objectContaining({ message: "broken" })]));
});

const tls = selfSignedCertificate();

describe.each([
  ["HTTP/1.1", false],
  ["HTTP/2", true],
])("when the server closes, over %s", (_name, http2) => {
  test("event streams end, in order, and nobody waits for the grace", async () => {
    const ended: string[] = [];
    let begun = 0;
    const app = App.withState({}).get("/", (req) =>
      sse(req, async function* ({ signal }) {
        try {
          yield "one";
          begun += 1;
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        } finally {
          ended.push("source");
        }
      }),
    );
    const server = await open(app, http2 ? { tls, http2 } : {});
    const client = TestClient.over(server.url, { http2, tls: { ca: tls.cert } });
    const answers = [1, 2, 3].map(() => client.get("/").send());
    await vi.waitFor(() => expect(begun).toBe(3));
    await server.close({ graceMs: 60_000 });
    for (const answer of answers) expect((await answer).text()).toBe("data: one\n\n");
    expect(ended).toHaveLength(3);
  });

  test("a delay before it leaves them open", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const app = App.withState({}).get("/", (req) =>
      sse(req, async function* ({ signal }) {
        yield "one";
        begin();
        await sleep(30);
        if (!signal.aborted) yield "still here";
        await new Promise(() => {});
      }),
    );
    const server = await open(app, http2 ? { tls, http2 } : {});
    const client = TestClient.over(server.url, { http2, tls: { ca: tls.cert } });
    const answer = client.get("/").send();
    await begun;
    await server.close({ graceMs: 60_000, delayMs: 200 });
    expect((await answer).text()).toBe("data: one\n\ndata: still here\n\n");
  });
});

test("a stream with a signal of its own lets the server close without waiting", async () => {
  const closing = new AbortController();
  const app = App.withState({}).get("/", (req) =>
    sse(
      req,
      async function* () {
        yield { data: "one" };
        await new Promise(() => {});
      },
      { signal: closing.signal },
    ),
  );
  const server = await open(app);
  const answer = await fetch(server.url);
  const text = answer.text();
  const closed = server.close({ graceMs: 60_000 });
  closing.abort();
  expect(await text).toBe("data: one\n\n");
  await closed;
});
