import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type RequestListener } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { App, type ConnectionInfo, Response } from "../src/index.ts";
import { trackServers } from "./harness.ts";
import { openRaw, parseAnswers, sendRaw } from "./raw.ts";

const open = trackServers();
const hello = () => new App(undefined).get("/", () => Response.text(200, "hello"));
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hatcheck-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

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

describe("listening", () => {
  test("tells its url and port, on IPv4 and IPv6", async () => {
    const server = await open(hello());
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    const six = await open(hello(), { host: "::1" });
    expect(six.url).toBe(`http://[::1]:${six.port}`);
    expect(await (await fetch(six.url)).text()).toBe("hello");
  });

  test("on a port in use fails with what to do", async () => {
    const { port } = await open(hello());
    await expect(hello().listen({ port })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use; stop what listens there or choose another`,
    );
  });

  test("on an address of another machine fails with what is wrong", async () => {
    await expect(hello().listen({ port: 0, host: "192.0.2.1" })).rejects.toThrow(
      /no address of this machine/,
    );
  });

  test("fails at once for routes that are wrong", () => {
    const app = hello()
      .get("/:a", () => Response.empty(204))
      .get("/:b", () => Response.empty(204));
    expect(() => app.listen({ port: 0 })).toThrow(/registered already/);
  });

  test("on a unix socket", async () => {
    const path = join(folder, "socket");
    const app = new App(undefined).get("/", (_req, _params, conn) =>
      Response.json(200, [conn.client, conn.clientIp]),
    );
    const server = await open(app, { path });
    expect([server.url, server.port]).toEqual([path, 0]);
    const [incoming] = await once(httpRequest({ socketPath: path, path: "/" }).end(), "response");
    expect(await json(incoming)).toEqual([{ ip: "", port: 0 }, ""]);
    await expect(hello().listen({ path })).rejects.toThrow(`The socket ${path} is in use`);
  });

  test("on a server of one's own making", async () => {
    const own = createServer();
    const server = await open(hello(), { createServer: (onRequest) => own.on("request", onRequest) });
    expect(await (await fetch(server.url)).text()).toBe("hello");
    expect(own.listening).toBe(true);
  });
});

describe("TLS", () => {
  test("is spoken with the options of node:https, and handlers know it", async () => {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const ec = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-subj",
      "/CN=localhost",
    ];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        ...ec,
        "-keyout",
        key,
        "-out",
        cert,
        "-days",
        "2",
        "-addext",
        "subjectAltName=DNS:localhost",
      ],
      {
        stdio: "ignore",
      },
    );
    const app = new App(undefined).get("/", (_req, _params, conn) =>
      Response.json(200, [conn.encrypted, conn.scheme, conn.sniHostname]),
    );
    const server = await open(app, { tls: { key: readFileSync(key), cert: readFileSync(cert) } });
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    const options = { port: server.port, host: "127.0.0.1", servername: "localhost", ca: readFileSync(cert) };
    const [incoming] = await once(httpsRequest(options).end(), "response");
    expect(await json(incoming)).toEqual([true, "https", "localhost"]);
  });
});

describe("limits", () => {
  test("for the head and for time are what they were set to", async () => {
    const server = await open(
      hello().post("/", async (req) => Response.text(200, await req.text())),
      {
        maxHeaderBytes: 2000,
        headersTimeoutMs: 300,
        requestTimeoutMs: 600,
      },
    );
    expect(await sendRaw(server.url, `GET / HTTP/1.1\r\nX: ${"x".repeat(3000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(await sendRaw(server.url, "GET / HTTP/1.1\r\n")).toMatch(/^HTTP\/1\.1 408 /);
    expect(await sendRaw(server.url, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 408 /,
    );
  });

  test("for idle connections cut them, between requests and without any", async () => {
    const server = await open(hello(), { keepAliveTimeoutMs: 100, idleTimeoutMs: 300 });
    expect(await sendRaw(server.url, "")).toBe("");
    const kept = openRaw(server.url);
    kept.write(GET);
    expect(await kept.closed).toMatch(/hello$/);
  });
});

describe("a connection on which nothing moves", () => {
  const idleTimeoutMs = 300;
  const large = "x".repeat(50 * 1024 * 1024);
  const never = new Promise<Response>(() => {});
  const app = () =>
    hello()
      .get("/waiting", () => never)
      .get("/large", () => Response.text(200, large))
      .get("/stream", () => Response.stream(200, endless()));

  async function* endless(): AsyncGenerator<string> {
    for (;;) yield large;
  }

  test.each(["/waiting", "/large", "/stream"])("is cut, be it its second request: %s", async (path) => {
    const left: unknown[] = [];
    const server = await open(
      app().wrap((req, _conn, next) => {
        req.signal.addEventListener("abort", () => left.push(req.url));
        return next();
      }),
      { idleTimeoutMs },
    );
    const connection = openRaw(server.url);
    connection.write(GET);
    await connection.until(/hello$/);
    connection.socket.pause();
    connection.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await vi.waitFor(() => expect(left).toEqual([path]), 5000);
    connection.socket.destroy();
  });

  test("is not cut as long as its client reads, however slowly", async () => {
    const server = await open(app(), { idleTimeoutMs });
    const connection = openRaw(server.url);
    connection.write("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const throttle = setInterval(() => {
      connection.socket.resume();
      setTimeout(() => connection.socket.pause(), 1);
    }, 60);
    const slow = new Promise((resolve) => setTimeout(resolve, 4 * idleTimeoutMs));
    await slow;
    clearInterval(throttle);
    connection.socket.resume();
    expect((await connection.closed).length).toBeGreaterThan(large.length);
  });
});

describe("a body that waits for leave", () => {
  const head = (path: string, length = 2) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
  const app = () =>
    new App(undefined)
      .post("/read", async (req) => Response.text(200, await req.text()))
      .post("/refuse", () => Response.empty(403));

  test("is asked for when a handler reads it", async () => {
    const connection = openRaw((await open(app())).url);
    connection.write(head("/read"));
    await connection.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    connection.write("ok");
    await connection.until(/HTTP\/1\.1 200 OK\r\n[^]*ok$/);
    connection.write(head("/read"));
    expect(await connection.until(/ok[^]*100 Continue/)).toContain("HTTP/1.1 200 OK");
    connection.socket.destroy();
  });

  test("is never sent when nobody reads it or it is too large", async () => {
    const { url } = await open(app());
    expect(parseAnswers(await sendRaw(url, head("/refuse")))).toMatchObject([{ status: 403 }]);
    expect(parseAnswers(await sendRaw(url, head("/read", 9_000_000)))).toMatchObject([{ status: 413 }]);
  });

  test("is refused for any other expectation", async () => {
    const { url } = await open(app());
    expect(
      await sendRaw(url, "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n"),
    ).toMatch(/^HTTP\/1\.1 417 /);
  });
});

describe("a client that leaves", () => {
  test("aborts the signal of its request, and what the handler throws then is not logged", async () => {
    const log = vi.spyOn(console, "error");
    const ended = Promise.withResolvers<unknown>();
    const app = new App(undefined).get("/", async (req) => {
      const left = once(req.signal, "abort");
      ended.resolve(left);
      await left;
      throw new Error("because of that");
    });
    const server = await open(app);
    const { socket, write } = openRaw(server.url);
    write(GET);
    await vi.waitFor(() => expect(server.closing).toBe(false));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await ended.promise;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  test("after its answer does not abort anything", async () => {
    let signal: AbortSignal | undefined;
    const app = new App(undefined).get("/", (req) => {
      ({ signal } = req);
      return Response.empty(204);
    });
    const { url } = await open(app);
    await sendRaw(url, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(signal?.aborted).toBe(false);
  });
});

describe("closing", () => {
  test("lets a request in flight finish, tells it to close, and takes no new connection", async () => {
    const { app, entered, release } = gate();
    const server = await open(app);
    const answer = sendRaw(server.url, GET);
    await entered;
    const closed = server.close({ graceMs: 5000 });
    expect(server.closing).toBe(true);
    await expect(fetch(server.url)).rejects.toThrow("fetch failed");
    release();
    expect(parseAnswers(await answer)).toMatchObject([{ status: 200, body: "done" }]);
    expect((await answer).toLowerCase()).toContain("connection: close");
    await closed;
    await server.closed;
  });

  test("cuts connections that are idle at once: kept alive, or never used", async () => {
    const server = await open(hello());
    const [kept, unused] = [openRaw(server.url), openRaw(server.url)];
    kept.write(GET);
    await kept.until(/hello$/);
    const start = performance.now();
    await server.close({ graceMs: 5000 });
    await Promise.all([kept.closed, unused.closed]);
    expect(performance.now() - start).toBeLessThan(2500);
  });

  test("lets a stream finish", async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    async function* slow() {
      yield "first ";
      await released;
      yield "last";
    }
    const server = await open(new App(undefined).get("/", () => Response.stream(200, slow())));
    const answer = await fetch(server.url);
    const closed = server.close({ graceMs: 5000 });
    setTimeout(release, 50);
    expect(await answer.text()).toBe("first last");
    await closed;
  });

  test("cuts what is not done when the grace period is over, and not before", async () => {
    const { app, entered } = gate();
    const server = await open(app);
    const answer = sendRaw(server.url, GET);
    await entered;
    const start = performance.now();
    await server.close({ graceMs: 200 });
    expect(performance.now() - start).toBeGreaterThan(190);
    expect(await answer).toBe("");
  });

  test("goes on serving for a while when it is asked to, and says that it closes", async () => {
    const app = new App(undefined).get("/", (_req, _params, conn) =>
      Response.text(200, String(conn.closing)),
    );
    const server = await open(app);
    expect(await (await fetch(server.url)).text()).toBe("false");
    const closed = server.close({ delayMs: 200 });
    const answer = await fetch(server.url);
    expect([await answer.text(), answer.headers.get("connection")]).toEqual(["true", "close"]);
    await closed;
  });

  test("can be asked for twice, and by await using", async () => {
    let url: string;
    {
      await using server = await hello().listen({ port: 0 });
      ({ url } = server);
      expect(server.close()).toBe(server.close());
    }
    await expect(fetch(url)).rejects.toThrow("fetch failed");
  });
});

describe("signals", () => {
  async function start() {
    const script = `
      import { App, Response } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
      const app = new App(undefined).get("/", async () => {
        process.send("entered");
        await new Promise((resolve) => process.once("message", resolve));
        return Response.text(200, "done");
      });
      const server = await app.listen({ port: 0, signals: true, graceMs: 5000 });
      process.send(server.url);
      await server.closed;
      process.disconnect();
    `;
    const flags = ["--experimental-strip-types", "--no-warnings", "--input-type=module", "--eval", script];
    const child = spawn(process.execPath, flags, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    const early = exit.then(([code]) => Promise.reject(new Error(`The server ended with ${code}`)));
    early.catch(() => {});
    const [url] = (await Promise.race([once(child, "message"), early])) as [string];
    return { child, url, exit };
  }

  /** Whether the server takes a connection. It is not asked anything: until the signal has come, it would answer. */
  async function accepts(url: string): Promise<boolean> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    try {
      await once(socket, "connect");
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s lets a request in flight finish, then the process ends well",
    async (signal) => {
      const { child, url, exit } = await start();
      const entered = once(child, "message");
      const answer = sendRaw(url, GET);
      await entered;
      child.kill(signal);
      await vi.waitFor(async () => expect(await accepts(url)).toBe(false), 5000);
      child.send("go on");
      expect(await answer).toMatch(/done$/);
      expect(await exit).toEqual([0, null]);
    },
  );

  test("a second one ends the process at once", async () => {
    const { child, url, exit } = await start();
    const entered = once(child, "message");
    const answer = sendRaw(url, GET);
    await entered;
    child.kill("SIGTERM");
    await vi.waitFor(async () => expect(await accepts(url)).toBe(false), 5000);
    child.kill("SIGTERM");
    expect(await exit).toEqual([143, null]);
    expect(await answer).toBe("");
  });
});

describe("upgrades", () => {
  test("are handed to a WebSocket library, with the request and its connection", async () => {
    const sockets = new WebSocketServer({ noServer: true });
    let seen: [string, string, ConnectionInfo] | undefined;
    const server = await open(hello(), {
      upgrade: (req, conn, { incoming, socket, head }) => {
        seen = [req.path, req.cookies.get("a")?.value ?? "", conn];
        sockets.handleUpgrade(incoming, socket, head, (webSocket) => {
          webSocket.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary }));
        });
      },
    });
    const webSocket = new WebSocket(`${server.url.replace("http", "ws")}/chat?x=1`, {
      headers: { Cookie: "a=1" },
    });
    await once(webSocket, "open");
    webSocket.send("echo");
    const [data] = await once(webSocket, "message");
    expect(String(data)).toBe("echo");
    expect(seen?.slice(0, 2)).toEqual(["/chat", "1"]);
    expect(seen?.[2].clientIp).toBe("127.0.0.1");
    expect(await (await fetch(server.url)).text()).toBe("hello");
    await server.close({ graceMs: 100 });
    await once(webSocket, "close");
  });

  test("are free of the idle timeout: the new owner sets its own", async () => {
    const server = await open(hello(), {
      idleTimeoutMs: 100,
      upgrade: (_req, _conn, { socket }) => {
        socket.on("data", (data) => socket.write(data)).on("timeout", () => socket.destroy());
      },
    });
    const { socket, write, until } = openRaw(server.url);
    write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    await new Promise((resolve) => setTimeout(resolve, 500));
    write("still here");
    expect(await until(/still here/)).toBe("still here");
    socket.destroy();
  });

  test("that fail cut their connection, and the log has why", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const server = await open(hello(), {
      upgrade: () => {
        throw new Error("no");
      },
    });
    const text = await sendRaw(
      server.url,
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    );
    expect(text).toBe("");
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });

  test("without a handler are answered as any request", async () => {
    const { url } = await open(hello());
    const head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n";
    expect(await sendRaw(url, head)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test("what the engine refuses though the framework did not is reported, and the next client is served", async () => {
  const errors: unknown[] = [];
  const app = hello()
    .onError((error) => void errors.push(error))
    .get("/refused", () => Response.text(200, "a"));
  const refusing = (onRequest: RequestListener) =>
    createServer((incoming, outgoing) => {
      if (incoming.url === "/refused") {
        outgoing.writeHead = () => {
          throw new TypeError("refused");
        };
      }
      onRequest(incoming, outgoing);
    });
  const { url } = await open(app, { createServer: refusing });
  expect(await sendRaw(url, "GET /refused HTTP/1.1\r\nHost: a\r\n\r\n")).toBe("");
  expect(errors).toEqual([new TypeError("refused")]);
  expect(await (await fetch(url)).text()).toBe("hello");
});
