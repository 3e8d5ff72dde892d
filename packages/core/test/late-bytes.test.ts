// What comes after a request that is still being answered never costs that request its answer.
import { describe, expect, test } from "vitest";
import { App, Response } from "../src/index.ts";
import { trackServers } from "./harness.ts";
import { openRaw, parseAnswers, sendRaw } from "./raw.ts";

const open = trackServers();

/** An app whose `/slow` answers when it is told to. */
function slow() {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const app = new App(undefined)
    .get("/fast", () => Response.text(200, "fast"))
    .all("/slow", async () => {
      await released;
      return Response.text(200, "slow");
    })
    .post("/read", async (req) => Response.text(200, await req.text()));
  return { app, release };
}

const SLOW = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";

describe("the answer of a slow handler comes first, whatever follows its request", () => {
  test.each([
    ["garbage", `${SLOW}garbage\r\n\r\n`, [200, 400]],
    ["garbage in pieces", [SLOW, "gar", "bage\r\n", "\r\n", "more"], [200, 400]],
    ["a pipelined request and garbage", `${SLOW}${SLOW.replace("slow", "fast")}\0\0`, [200, 200, 400]],
    ["a head that is too large", `${SLOW}GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, [200, 431]],
    [
      "bytes after Connection: close",
      "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nmore",
      [200],
    ],
    [
      "a request after Connection: close",
      `GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${SLOW}`,
      [200],
    ],
    [
      "HTTP/1.0 with Transfer-Encoding",
      "POST /slow HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      [200],
    ],
    [
      "HTTP/1.0 with Transfer-Encoding and more",
      "POST /slow HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nmore",
      [200],
    ],
    [
      "a body that is malformed",
      `${SLOW}POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      [200, 400],
    ],
    [
      "two lengths that differ",
      `${SLOW}POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      [200, 400],
    ],
  ])("%s", async (_what, bytes, statuses) => {
    const { app, release } = slow();
    const { url } = await open(app);
    const connection = openRaw(url);
    for (const piece of [bytes].flat()) {
      connection.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    release();
    const answers = parseAnswers(await connection.closed);
    expect(answers.map(({ status }) => status)).toEqual(statuses);
    expect(answers[0]?.body).toBe("slow");
  });

  test("a next request that is never finished: it gets its 408 after that", async () => {
    const { app, release } = slow();
    const { url } = await open(app, { headersTimeoutMs: 100, requestTimeoutMs: 100 });
    const connection = openRaw(url);
    connection.write(`${SLOW}GET / HT`);
    // Node looks for slow requests once a second.
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect(connection.received()).toBe("");
    release();
    expect(parseAnswers(await connection.closed).map(({ status }) => status)).toEqual([200, 408]);
  });
});

test("a flood of garbage behind a slow request is answered once", async () => {
  const { app, release } = slow();
  const { url } = await open(app);
  const connection = openRaw(url);
  connection.write(SLOW);
  for (let times = 0; times < 100; times += 1) connection.write("\0garbage".repeat(1000));
  setTimeout(release, 50);
  expect(parseAnswers(await connection.closed).map(({ status }) => status)).toEqual([200, 400]);
});

test("a body that breaks while its answer is being sent cuts that answer", async () => {
  async function* endless(): AsyncGenerator<string> {
    yield "first";
    await new Promise(() => {});
  }
  const { url } = await open(new App(undefined).post("/", () => Response.stream(200, endless())));
  const connection = openRaw(url);
  connection.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  await connection.until(/first/);
  connection.write("zz\r\n");
  expect(await connection.closed).not.toMatch(/400|\r\n0\r\n\r\n$/);
});

test.each(["0.9", "2.0"])("HTTP/%s is 505 and the end of its connection", async (version) => {
  const { url } = await open(slow().app);
  const answers = parseAnswers(await sendRaw(url, `GET /fast HTTP/${version}\r\nHost: a\r\n\r\n${SLOW}`));
  expect(answers.map(({ status }) => status)).toEqual([505]);
});

test("every field of a head is seen, however many there are", async () => {
  const app = new App(undefined).get("/", (req) =>
    Response.text(200, `${req.headers.length} ${req.header("x-real-ip") ?? "lost"}`),
  );
  const { url } = await open(app);
  const fill = "a:b\r\n".repeat(2500);
  const text = await sendRaw(
    url,
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fill}X-Real-IP: last\r\n\r\n`,
  );
  expect(parseAnswers(text)[0]?.body).toBe("2503 last");
});

test("an offer to upgrade is seen: 426 names the protocol on its connection", async () => {
  const app = new App(undefined).get("/", () => Response.text(426, "").appendHeader("Upgrade", "websocket"));
  const { url } = await open(app);
  const [answer] = parseAnswers(await sendRaw(url, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  expect(answer?.headers.get("upgrade")).toBe("websocket");
  expect(answer?.headers.get("connection")?.toLowerCase()).toContain("upgrade");
});

test("a Trailer that no trailer can follow is left out, and the connection kept", async () => {
  const app = new App(undefined).get("/", () => Response.text(200, "a").setHeader("Trailer", "X-Later"));
  const { url } = await open(app);
  const once = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const text = await sendRaw(url, once + once.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  expect(parseAnswers(text).map(({ status, headers }) => [status, headers.has("trailer")])).toEqual([
    [200, false],
    [200, false],
  ]);
});
