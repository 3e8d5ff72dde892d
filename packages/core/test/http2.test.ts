import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { selfSignedCertificate } from "../../../scripts/certificate.ts";
import {
  App,
  crossOriginProtection,
  type HttpError,
  type ListenOptions,
  Response,
  type Server,
  TestClient,
} from "../src/index.ts";
import { trackServers } from "./harness.ts";

const tls = selfSignedCertificate();
const ca = tls.cert;
const openAny = trackServers();
const open = <State>(app: App<State>, options: ListenOptions = {}): Promise<Server> =>
  openAny(app, { tls, http2: true, ...options });

const sessions: ClientHttp2Session[] = [];
afterEach(() => sessions.splice(0).forEach((session) => session.destroy()));

async function connectTo(server: Server): Promise<ClientHttp2Session> {
  const session = connect(server.url, { ca, maxSessionMemory: 1000 });
  session.on("error", () => {});
  sessions.push(session);
  await once(session, "connect");
  return session;
}

async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Uint8Array) {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const cut = once(stream, "close").then(() => Promise.reject(new Error("cut")));
  const [answer] = (await Promise.race([once(stream, "response"), cut])) as [
    IncomingHttpHeaders & { ":status": number },
  ];
  cut.catch(() => {});
  return { status: answer[":status"], headers: answer, body: await text(stream) };
}

const hello = () => new App(undefined).get("/", (req) => Response.text(200, req.httpVersion));

/** A handler that answers when it is told to. */
function gate() {
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const app = new App(undefined).get("/", async () => {
    enter();
    await released;
    return Response.text(200, "done");
  });
  return { app, entered, release };
}

describe("a server with http2", () => {
  test("speaks it with clients that can, and HTTP/1.1 with the others, on one port", async () => {
    const server = await open(hello());
    expect(server.url).toMatch(/^https:/);
    expect((await ask(await connectTo(server), { ":path": "/" })).body).toBe("2.0");
    expect((await TestClient.over(server.url, { tls: { ca } }).get("/").send()).text()).toBe("1.1");
    const [incoming] = await once(request(server.url, { ca }).end(), "response");
    expect(await text(incoming)).toBe("1.1");
  });

  test("speaks no HTTP/2 unless it is told to", async () => {
    const server = await openAny(hello(), { tls });
    const session = connect(server.url, { ca });
    await expect(once(session, "connect")).rejects.toThrow("no application protocol");
  });

  test("needs tls", async () => {
    await expect(hello().listen({ port: 0, http2: true })).rejects.toThrow("listen: http2 needs tls");
    const createServer = () => null as never;
    await expect(hello().listen({ port: 0, tls, http2: true, createServer })).rejects.toThrow("createServer");
  });

  test("tells who is there", async () => {
    const app = new App(undefined).get("/", (_req, _params, conn) =>
      Response.json(200, [
        conn.clientIp,
        conn.scheme,
        conn.host,
        conn.httpVersion,
        conn.encrypted,
        conn.sniHostname,
      ]),
    );
    const { port } = await open(app);
    const client = TestClient.over(`https://localhost:${port}`, { http2: true, tls: { ca } });
    expect((await client.get("/").send()).json()).toEqual([
      "127.0.0.1",
      "https",
      `localhost:${port}`,
      "2.0",
      true,
      "localhost",
    ]);
  });
});

describe("a request over HTTP/2", () => {
  const app = () =>
    new App(undefined).get("/", (req, _params, conn) =>
      Response.json(200, { host: conn.host, fields: req.headerAll("host"), cookie: req.header("cookie") }),
    );

  test("is for the host in :authority", async () => {
    const session = await connectTo(await open(app()));
    const { body } = await ask(session, { ":path": "/", ":authority": "a.example:8443" });
    expect(JSON.parse(body)).toEqual({ host: "a.example:8443", fields: ["a.example:8443"] });
  });

  test("may name the same host twice, and no two hosts", async () => {
    const session = await connectTo(await open(app()));
    const same = await ask(session, { ":path": "/", ":authority": "a.example", host: "a.example" });
    expect(JSON.parse(same.body)).toEqual({ host: "a.example", fields: ["a.example"] });
    const other = await ask(session, { ":path": "/", ":authority": "a.example", host: "b.example" });
    expect(other.status).toBe(400);
  });

  test.each(["a b", "user@a.example", "a/b", "<a>"])("for no host is refused: %j", async (authority) => {
    const session = await connectTo(await open(app()));
    const answer = await ask(session, { ":path": "/", ":authority": authority }).catch((error) => error);
    expect(answer.status ?? answer.message).toSatisfy((it) => it === 400 || /PROTOCOL_ERROR/.test(it));
  });

  test("may send its cookies one by one", async () => {
    const session = await connectTo(await open(app()));
    const { body } = await ask(session, { ":path": "/", cookie: ["a=1", "b=2"] as unknown as string });
    expect(JSON.parse(body).cookie).toBe("a=1; b=2");
  });

  test("from another site is refused by the host in :authority", async () => {
    const protectedApp = new App(undefined)
      .wrap(crossOriginProtection())
      .post("/", () => Response.empty(204));
    const session = await connectTo(await open(protectedApp));
    const from = (origin: string) =>
      ask(session, { ":path": "/", ":method": "POST", ":authority": "a.example", origin });
    expect((await from("https://a.example")).status).toBe(204);
    expect((await from("https://b.example")).status).toBe(403);
  });

  test("that asks first is told to send its body when somebody reads it", async () => {
    const session = await connectTo(
      await open(new App(undefined).post("/", async (req) => Response.text(200, await req.text()))),
    );
    const stream = session.request({ ":path": "/", ":method": "POST", expect: "100-continue" });
    await once(stream, "continue");
    stream.end("body");
    expect(await text(stream)).toBe("body");
  });

  test("aborts its signal when the client resets it", async () => {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<string>();
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const session = await connectTo(
      await open(
        new App(undefined).get("/", (req) => {
          req.signal.addEventListener("abort", () => abort(String(req.signal.reason)));
          enter();
          return new Promise<never>(() => {});
        }),
      ),
    );
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => {});
    await entered;
    stream.destroy();
    expect(await aborted).toContain("The client left");
  });

  test("whose body is cut off fails with 400, and the server goes on", async () => {
    const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>();
    const session = await connectTo(
      await open(
        new App(undefined)
          .get("/", () => Response.text(200, "on"))
          .post("/", async (req) => {
            try {
              // `close` would end the body first.
              for await (const _ of req.stream) stream.destroy();
            } catch (error) {
              fail((error as HttpError).statusCode);
            }
            return Response.empty(204);
          }),
      ),
    );
    const stream = session.request({ ":path": "/", ":method": "POST" });
    stream.on("error", () => {}).write("a");
    expect(await failed).toBe(400);
    expect((await ask(session, { ":path": "/" })).body).toBe("on");
  });
});

describe("an answer over HTTP/2", () => {
  test("carries no field that speaks of a connection", async () => {
    const app = new App(undefined).get("/", () =>
      Response.text(426, "no")
        .appendHeader("Connection", "upgrade")
        .appendHeader("Upgrade", "h2c")
        .appendHeader("Keep-Alive", "timeout=5")
        .appendHeader("Proxy-Connection", "close")
        .appendHeader("X-A", "1")
        .appendHeader("X-A", "2")
        .appendHeader("Set-Cookie", "a=1")
        .appendHeader("Set-Cookie", "b=2"),
    );
    const { status, headers } = await ask(await connectTo(await open(app)), { ":path": "/" });
    expect(status).toBe(426);
    expect(Object.keys(headers).toSorted()).toEqual([
      ":status",
      "content-length",
      "content-type",
      "date",
      "set-cookie",
      "x-a",
    ]);
    expect([headers["x-a"], headers["set-cookie"]]).toEqual(["1, 2", ["a=1", "b=2"]]);
  });

  test("whose stream fails is reset, never ended", async () => {
    async function* broken() {
      yield "a";
      throw new Error("broken");
    }
    const app = new App(undefined).onError(() => undefined).get("/", () => Response.stream(200, broken()));
    const session = await connectTo(await open(app));
    await expect(ask(session, { ":path": "/" })).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
  });

  test("is sent before a large body was read that nobody wants", async () => {
    const app = new App(undefined, { bodyLimit: 1000 })
      .post("/", async (req) => Response.text(200, await req.text()))
      .post("/unread", () => Response.text(200, "unread"))
      .post(
        "/half",
        async (req) => {
          for await (const chunk of req.stream) return Response.json(200, chunk.length > 0);
          return Response.empty(204);
        },
        { bodyLimit: 10_000_000 },
      );
    const session = await connectTo(await open(app));
    const large = new Uint8Array(5_000_000);
    const post = (path: string) => ask(session, { ":path": path, ":method": "POST" }, large);
    expect((await post("/")).status).toBe(413);
    expect((await post("/half")).body).toBe("true");
    const announced = { ":path": "/unread", ":method": "POST", "content-length": "5000000" };
    expect((await ask(session, announced, large)).status).toBe(413);
    expect((await ask(session, { ":path": "/unread", ":method": "POST" }, large)).body).toBe("unread");
  });

  test("goes as fast as the client reads it", async () => {
    let made = 0;
    async function* endless() {
      for (;;) {
        made += 1;
        yield new Uint8Array(64 * 1024);
      }
    }
    const session = await connectTo(
      await open(new App(undefined).get("/", () => Response.stream(200, endless()))),
    );
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => {});
    await once(stream, "response");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(made).toBeLessThan(20);
    stream.close(8);
  });
});

describe("a client that resets answers", () => {
  test("is asked to open another connection after a hundred, and never refused", async () => {
    const app = new App(undefined).get("/", () => Response.bytes(200, new Uint8Array(1_000_000)));
    const server = await open(app);
    const session = await connectTo(server);
    const goaway = once(session, "goaway");
    for (let round = 0; round < 100; round += 1) {
      const stream = session.request({ ":path": "/" });
      const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
      expect(headers[":status"]).toBe(200);
      stream.close(8);
      await once(stream, "close");
    }
    await goaway;
    expect((await ask(await connectTo(server), { ":path": "/" })).body).toHaveLength(1_000_000);
  });
});

describe("a server with http2 that closes", () => {
  test("lets requests in flight finish, and takes no others", async () => {
    const { app, entered, release } = gate();
    const server = await open(app);
    const session = await connectTo(server);
    const inFlight = ask(session, { ":path": "/" });
    await entered;
    const goaway = once(session, "goaway");
    const closed = server.close();
    await goaway;
    release();
    expect((await inFlight).body).toBe("done");
    await closed;
  });

  test("closes idle connections at once", async () => {
    const server = await open(hello());
    const [used, unused] = [await connectTo(server), await connectTo(server)];
    await ask(used, { ":path": "/" });
    const start = performance.now();
    await Promise.all([once(used, "close"), once(unused, "close"), server.close({ graceMs: 60_000 })]);
    expect(performance.now() - start).toBeLessThan(30_000);
  });

  test("cuts what is not done when the grace is over", async () => {
    const { app, entered } = gate();
    const server = await open(app);
    const session = await connectTo(server);
    const inFlight = ask(session, { ":path": "/" }).catch((error: Error) => error.message);
    await entered;
    await server.close({ graceMs: 20 });
    expect(await inFlight).toBe("cut");
  });
});

describe("the limits of a server hold over HTTP/2", () => {
  test("a head that is too large is 431, and the connection goes on", async () => {
    const session = await connectTo(await open(hello()));
    expect((await ask(session, { ":path": "/", "x-a": "x".repeat(17_000) })).status).toBe(431);
    await expect(ask(session, { ":path": "/", "x-a": "x".repeat(40_000) })).rejects.toThrow(
      "ENHANCE_YOUR_CALM",
    );
    expect((await ask(session, { ":path": "/" })).status).toBe(200);
  });

  test("a body that does not come is 408", async () => {
    const app = new App(undefined).post("/", async (req) => Response.text(200, await req.text()));
    const session = await connectTo(await open(app, { headersTimeoutMs: 50, requestTimeoutMs: 50 }));
    const stream = session.request({ ":path": "/", ":method": "POST" });
    stream.on("error", () => {}).write("a");
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
    expect(headers[":status"]).toBe(408);
  });

  test("a body that is there, and read late, is none that does not come", async () => {
    const app = new App(undefined).post("/", async (req) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return Response.text(200, await req.text());
    });
    const session = await connectTo(await open(app, { headersTimeoutMs: 30, requestTimeoutMs: 30 }));
    expect((await ask(session, { ":path": "/", ":method": "POST" }, "late")).body).toBe("late");
  });

  test("a connection without a request is closed, whatever it pings", async () => {
    const server = await open(hello(), { headersTimeoutMs: 60, keepAliveTimeoutMs: 60 });
    const [unused, used] = [await connectTo(server), await connectTo(server)];
    const closed = Promise.all([once(unused, "close"), once(used, "close")]);
    await ask(used, { ":path": "/" });
    const pings = setInterval(() => {
      for (const session of [unused, used]) if (!session.destroyed) session.ping(() => {});
    }, 10);
    await closed;
    clearInterval(pings);
    expect([unused.destroyed, used.destroyed]).toEqual([true, true]);
  });

  test("a connection on which nothing moves is cut", async () => {
    const { app, entered } = gate();
    const session = await connectTo(await open(app, { idleTimeoutMs: 50 }));
    const answer = ask(session, { ":path": "/" }).catch(() => "cut");
    await entered;
    expect(await answer).toBe("cut");
  });
});
