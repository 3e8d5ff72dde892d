// Floods and oddities of HTTP/2, frame by frame. Each ends in an answer, a reset or the end of its own connection; the server,
// and whoever else it serves, go on.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { selfSignedCertificate } from "../../../scripts/certificate.ts";
import { App, type ListenOptions, Response, TestClient } from "../src/index.ts";
import { trackServers } from "./harness.ts";
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  type FrameClient,
  frameOf,
  GET,
  GOAWAY,
  HEADERS,
  literal,
  openFrames,
  PING,
  POST,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./http2-frames.ts";

const tls = selfSignedCertificate();
const open = trackServers();

/** A server that counts what it is asked for, a client of frames, and a check that another client is served still. */
async function site(options: ListenOptions = {}) {
  let handled = 0;
  const app = new App(undefined)
    .get("/", () => {
      handled += 1;
      return Response.text(200, "ok");
    })
    .get("/large", () => Response.bytes(200, new Uint8Array(1_000_000)))
    .post("/", async (req) => Response.text(200, await req.text()));
  const server = await open(app, { tls, http2: true, ...options });
  const client = await openFrames(server.url, tls.cert);
  const other = TestClient.over(server.url, { http2: true, tls: { ca: tls.cert } });
  return {
    client,
    handled: () => handled,
    serves: async () => (await other.get("/").send()).text(),
  };
}

/** Sends frames in batches until the server has ended the connection. @returns how many batches that took */
async function flood(
  { send, socket }: FrameClient,
  batches: number,
  batch: (index: number) => Buffer,
): Promise<number> {
  for (let index = 0; index < batches; index += 1) {
    if (socket.destroyed) return index;
    await send(batch(index));
    // Lets the server's answer arrive.
    await sleep(1);
  }
  return batches;
}

const request = (stream: number): Buffer => frame(HEADERS, END_HEADERS | END_STREAM, stream, GET);
const times = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));

test("requests that are reset at once: no work is done for them, and the connection ends", async () => {
  const { client, handled, serves } = await site();
  const took = await flood(client, 100, (batch) =>
    times(100, (index) => {
      const stream = 1 + 2 * (batch * 100 + index);
      return Buffer.concat([request(stream), frameOf(RST_STREAM, stream, 8)]);
    }),
  );
  await client.closed;
  expect(took).toBeLessThan(100);
  expect(handled()).toBeLessThan(1100);
  expect(await serves()).toBe("ok");
});

test("a head without an end, in thousands of frames, ends the connection", async () => {
  const { client, serves, handled } = await site();
  await client.send(frame(HEADERS, END_STREAM, 1, GET));
  const took = await flood(client, 500, (batch) =>
    times(10, (index) => frame(CONTINUATION, 0, 1, literal(`x-${batch}-${index}`, "some value"))),
  );
  expect([took < 500, handled()]).toEqual([true, 0]);
  expect(await serves()).toBe("ok");
});

test("a head that is never finished is cut when its time is over", async () => {
  const { client, serves } = await site({ headersTimeoutMs: 100 });
  await client.send(frame(HEADERS, END_STREAM, 1, GET));
  const took = await flood(client, 300, () => frame(CONTINUATION, 0, 1, Buffer.alloc(0)));
  await client.closed;
  expect(took).toBeLessThan(300);
  expect(await serves()).toBe("ok");
});

test("a small head that means a large one is refused", async () => {
  const { client, serves, handled } = await site();
  await sleep(20);
  await client.send(
    frame(SETTINGS, 1, 0),
    frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([GET, literal("x", "y".repeat(4000))])),
  );
  await sleep(50);
  // 0xbe is the newest entry of the dynamic table: one byte, four thousand characters.
  const bomb = Buffer.concat([GET.subarray(0, 3), Buffer.from([0xbf]), Buffer.alloc(2000, 0xbe)]);
  await client.send(frame(HEADERS, END_HEADERS | END_STREAM, 3, bomb));
  await sleep(50);
  expect(handled()).toBe(1);
  expect(await serves()).toBe("ok");
});

test("more requests at once than the server's settings allow end the connection", async () => {
  const { client, serves } = await site();
  await sleep(20);
  // Bodies that do not end keep them open. The settings are acknowledged: who breaks them now does so on purpose.
  const post = (index: number): Buffer => frame(HEADERS, END_HEADERS, 1 + 2 * index, POST);
  await client.send(frame(SETTINGS, 1, 0), times(100, post));
  await sleep(50);
  expect(client.socket.destroyed).toBe(false);
  await client.send(post(100));
  await client.closed;
  expect(await serves()).toBe("ok");
});

test("answers that nobody reads cost a piece each, and are cut when nothing moves", async () => {
  const { client, serves } = await site({ idleTimeoutMs: 300 });
  const noWindow = Buffer.from([0, 4, 0, 0, 0, 0]);
  const large = Buffer.concat([Buffer.from([0x82, 0x87, 0x41, 1, 97, 0x44, 6]), Buffer.from("/large")]);
  const before = process.memoryUsage().rss;
  await client.send(
    frame(SETTINGS, 0, 0, noWindow),
    times(100, (index) => frame(HEADERS, END_HEADERS | END_STREAM, 1 + 2 * index, large)),
  );
  await sleep(100);
  expect(client.received(HEADERS)).toHaveLength(100);
  expect(client.received(DATA)).toHaveLength(0);
  // A hundred answers of a megabyte share one buffer each, of which a piece is with node:http2.
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  await client.closed;
  expect(await serves()).toBe("ok");
});

test.each<[string, (stream: number) => Buffer]>([
  ["empty pieces of a body", (stream) => frame(DATA, 0, stream)],
  ["priorities", (stream) => frame(PRIORITY, 0, stream, Buffer.from([0, 0, 0, 0, 1]))],
  ["windows", () => frameOf(WINDOW_UPDATE, 0, 1)],
  // node:http2 answers each, and ends the connection once a thousand answers wait for who does not read.
  ["settings", () => frame(SETTINGS, 0, 0)],
  ["pings", () => frame(PING, 0, 0, Buffer.alloc(8))],
  ["frames of a kind that does not exist", (stream) => frame(200, 0, stream, Buffer.alloc(8))],
])("a flood of %s does no harm", async (_name, make) => {
  const { client, serves } = await site();
  client.socket.pause();
  await client.send(frame(HEADERS, END_HEADERS, 1, POST));
  await flood(client, 30, () => times(300, () => make(1)));
  expect(await serves()).toBe("ok");
});

test.each<[string, Buffer]>([
  ["a request on an even stream", request(2)],
  ["a request on stream 0", request(0)],
  ["a body without a request", frame(DATA, END_STREAM, 1, Buffer.from("x"))],
  ["a continuation of nothing", frame(CONTINUATION, END_HEADERS, 1, GET)],
  ["a window of nothing", frameOf(WINDOW_UPDATE, 0, 0)],
  ["a window that overflows", times(2, () => frameOf(WINDOW_UPDATE, 0, 0x7fff_ffff))],
  ["settings of a wrong length", frame(SETTINGS, 0, 0, Buffer.alloc(5))],
  ["a ping of a wrong length", frame(PING, 0, 0, Buffer.alloc(7))],
  ["a frame that is too large", frame(DATA, 0, 1, Buffer.alloc(20_000))],
  ["a head that is no HPACK", frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.alloc(20, 0xff))],
  ["a promise from a client", frame(5, END_HEADERS, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), GET]))],
  ["a goaway", frame(GOAWAY, 0, 0, Buffer.alloc(8))],
  ["no frames at all", Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n")],
])("%s ends its connection at the most", async (_name, bytes) => {
  const { client, serves, handled } = await site({ headersTimeoutMs: 500 });
  await client.send(bytes);
  await client.closed;
  expect(handled()).toBe(0);
  expect(await serves()).toBe("ok");
});

test.each<[string, Buffer]>([
  ["no path", Buffer.from([0x82, 0x87, 0x41, 1, 97])],
  ["two paths", Buffer.concat([GET, Buffer.from([0x84])])],
  ["a field of the connection", Buffer.concat([GET, literal("connection", "close")])],
  ["a chunked body", Buffer.concat([GET, literal("transfer-encoding", "chunked")])],
  ["a name with a capital", Buffer.concat([GET, literal("X-A", "1")])],
  ["an unknown pseudo-field", Buffer.concat([GET, literal(":x", "1")])],
  ["a pseudo-field behind others", Buffer.concat([GET.subarray(0, 3), literal("x-a", "1"), GET.subarray(3)])],
  ["two lengths", Buffer.concat([GET, literal("content-length", "1"), literal("content-length", "2")])],
  ["no host", Buffer.from([0x82, 0x84, 0x87])],
])("a request with %s never reaches a handler", async (_name, head) => {
  const { client, serves, handled } = await site();
  await client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, head));
  await sleep(50);
  expect(handled()).toBe(0);
  expect(await serves()).toBe("ok");
});

test.each<[string, Buffer]>([
  ["a name with a blank", literal("x a", "1")],
  ["a line break in a value", literal("x-a", "1\r\nx-b: 2")],
  ["a NUL in a value", literal("x-a", "1\0")],
])("a field with %s is as good as not sent", async (_name, field) => {
  const seen: unknown[] = [];
  const app = new App(undefined).get("/", (req) => {
    seen.push(req.headers);
    return Response.empty(204);
  });
  const client = await openFrames((await open(app, { tls, http2: true })).url, tls.cert);
  await client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([GET, field])));
  await vi.waitFor(() => expect(seen).toEqual([[{ name: "host", value: "a" }]]));
});
