// Each state of a connection × each thing that can happen to it: on the fast lane, what follows is what follows on node:http.
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { selfSignedCertificate } from "../../../scripts/certificate.ts";
import { App, type ListenOptions, Response, type Server } from "../src/index.ts";
import { trackServers } from "./harness.ts";
import { sendRaw } from "./raw.ts";

const HEAD = "HTTP/1.1\r\nHost: a\r\n";
const GET = `GET / ${HEAD}\r\n`;
const LARGE = "x".repeat(4 * 1024 * 1024);

/** A server, one connection to it, and what came of both. */
class Scene {
  readonly server: Server;
  readonly socket: Socket;
  readonly log: string[];
  readonly #release: () => void;
  #received = "";
  #isClosed = false;
  #quiet = 0;

  private constructor(server: Server, socket: Socket, log: string[], release: () => void) {
    this.server = server;
    this.socket = socket;
    this.log = log;
    this.#release = release;
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
      this.#quiet = 0;
    });
    for (const event of ["end", "error", "close"]) socket.on(event, () => (this.#isClosed = true));
  }

  static async open(fastLane: boolean, limits: ListenOptions): Promise<Scene> {
    const log: string[] = [];
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const app = new App(undefined)
      .wrap((req, _conn, next) => {
        log.push(`start ${req.url}`);
        req.signal.addEventListener("abort", () => log.push(`abort ${req.url}`));
        return next();
      })
      .get("/", () => Response.text(200, "hello"))
      .get("/gate", () => released.then(() => Response.text(200, "opened")))
      .get("/stream", () => Response.stream(200, halves(released)))
      .get("/large", () => Response.text(200, LARGE))
      .post("/read", async (req) => Response.text(200, await req.text()));
    const server = await app.listen({ port: 0, fastLane, ...limits });
    const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    return new Scene(server, socket, log, release);
  }

  write(text: string): void {
    this.socket.write(text, "latin1");
  }

  release(): void {
    this.#release();
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#received)) await turn();
  }

  async untilLogged(line: string): Promise<void> {
    while (!this.log.includes(line)) await turn();
  }

  async untilClosed(): Promise<void> {
    this.socket.resume();
    while (!this.#isClosed) await turn();
  }

  /** Both ends are in this process: when nothing comes for many turns, and the system has had time, nothing will. */
  async untilQuiet(): Promise<void> {
    for (this.#quiet = 0; this.#quiet < 5; this.#quiet += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await turn();
    }
  }

  async outcome(): Promise<{ answers: string; isClosed: boolean; log: string[] }> {
    const isClosed = this.#isClosed;
    this.socket.destroy();
    await this.server.close({ graceMs: 100 });
    // Of the large answer as much as the system takes at once: how much that is, chance decides.
    const answers = this.#received.slice(0, 2000).replaceAll(/^Date: .*$/gm, "Date");
    return { answers, isClosed, log: this.log.toSorted() };
  }
}

async function* halves(released: Promise<void>): AsyncGenerator<string> {
  yield "one,";
  await released;
  yield "two";
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type Step = (scene: Scene) => Promise<void>;

/** How a connection is brought there. */
const STATES: Readonly<Record<string, Step>> = {
  new: async () => {},
  idle: async (scene) => {
    scene.write(GET);
    await scene.until(/hello$/);
  },
  "waiting for a handler": async (scene) => {
    scene.write(`GET /gate ${HEAD}\r\n`);
    await scene.untilLogged("start /gate");
  },
  streaming: async (scene) => {
    scene.write(`GET /stream ${HEAD}\r\n`);
    await scene.until(/one,/);
  },
  "with a reader that has stopped": async (scene) => {
    scene.write(`${GET}`);
    await scene.until(/hello$/);
    scene.socket.pause();
    scene.write(`GET /large ${HEAD}\r\n`);
    await scene.untilLogged("start /large");
  },
  "asked to be closed": async (scene) => {
    scene.write(`GET /gate ${HEAD}Connection: close\r\n\r\n`);
    await scene.untilLogged("start /gate");
  },
  "handed over within a head": async (scene) => {
    scene.write(GET);
    await scene.until(/hello$/);
    scene.write("GET /gate HTTP/1.1\r\nHo");
    await scene.untilQuiet();
  },
  "handed over within a body": async (scene) => {
    scene.write(`POST /read ${HEAD}Content-Length: 5\r\n\r\nab`);
    await scene.untilLogged("start /read");
  },
  "handed over in an answer": async (scene) => {
    scene.write(`POST /read ${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`);
    await scene.until(/a$/);
    scene.write(`GET /gate ${HEAD}\r\n`);
    await scene.untilLogged("start /gate");
  },
};

const SILENCE = "nothing moves any more";
const HASTE: ListenOptions = {
  idleTimeoutMs: 150,
  headersTimeoutMs: 1000,
  requestTimeoutMs: 1000,
  keepAliveTimeoutMs: 100,
};

/** What happens to it then. */
const EVENTS: Readonly<Record<string, Step>> = {
  "the server closes": async (scene) => {
    const closed = scene.server.close({ graceMs: 2000 });
    await turn();
    scene.release();
    await scene.untilClosed();
    await closed;
  },
  "the server closes and does not wait": async (scene) => {
    const closed = scene.server.close({ graceMs: 0 });
    await scene.untilClosed();
    await closed;
  },
  "the client closes its side": async (scene) => {
    scene.socket.end();
    await scene.untilQuiet();
    scene.release();
    await scene.untilClosed();
  },
  "the client is gone": async (scene) => {
    scene.socket.resetAndDestroy();
    await scene.untilQuiet();
    scene.release();
    await scene.untilQuiet();
  },
  "the client sends another request": async (scene) => {
    scene.write(GET);
    await scene.untilQuiet();
    scene.release();
    scene.socket.resume();
    await scene.untilQuiet();
  },
  "the client sends half a request, then the rest": async (scene) => {
    scene.write(GET.slice(0, 9));
    await scene.untilQuiet();
    scene.release();
    scene.write(GET.slice(9));
    scene.socket.resume();
    await scene.untilQuiet();
  },
  "the client sends what is no HTTP": async (scene) => {
    scene.write("\0\0\r\n\r\n");
    await scene.untilQuiet();
    scene.release();
    scene.socket.resume();
    await scene.untilQuiet();
  },
  [SILENCE]: async (scene) => {
    if (scene.socket.isPaused()) await scene.untilLogged("abort /large");
    await scene.untilClosed();
  },
};

/** Of a connection that closes while a large answer is on its way, node:http says it is idle, and cuts it. */
const CUT_BY_NODE = ["with a reader that has stopped", "the server closes"];

describe.each(Object.entries(STATES))(
  "a connection that is %s",
  { concurrent: true, timeout: 60_000 },
  (state, reach) => {
    test.each(Object.entries(EVENTS))("when %s", async (event, happen) => {
      const run = async (fastLane: boolean) => {
        const scene = await Scene.open(fastLane, event === SILENCE ? HASTE : {});
        await reach(scene);
        await happen(scene);
        return scene.outcome();
      };
      const [expected, found] = await Promise.all([run(false), run(true)]);
      if (CUT_BY_NODE.includes(state) && CUT_BY_NODE.includes(event)) expected.log.shift();
      expect(found).toEqual(expected);
    });
  },
);

describe("the fast lane", () => {
  const open = trackServers();

  test("lets no request see what another has put into AsyncLocalStorage", async () => {
    const storage = new AsyncLocalStorage<string>();
    const app = new App(undefined).get("/:name", async (_req, { name }) => {
      const seen = storage.getStore() ?? "nothing";
      storage.enterWith(name);
      if (name === "later") await turn();
      return Response.text(200, `${name} saw ${seen}.`);
    });
    const { url } = await open(app, { fastLane: true });
    const asked = ["a", "later", "b", "c"].map((name) => `GET /${name} ${HEAD}\r\n`).join("");
    const answers = await sendRaw(
      url,
      asked + GET.replace("/", "/d").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
    );
    expect(answers.match(/\w+ saw \w+/g)).toEqual(
      ["a", "later", "b", "c", "d"].map((name) => `${name} saw nothing`),
    );
  });

  test("steps aside while somebody measures node:http", async () => {
    const seen: unknown[] = [];
    const onStart = (message: unknown): void => void seen.push(message);
    const { url } = await open(
      new App(undefined).get("/", () => Response.text(200, "hello")),
      { fastLane: true },
    );
    await (await fetch(url)).text();
    subscribe("http.server.request.start", onStart);
    expect(await (await fetch(url, { headers: { Connection: "close" } })).text()).toBe("hello");
    expect(await sendRaw(url, GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))).toMatch(/hello$/);
    unsubscribe("http.server.request.start", onStart);
    expect(seen.length).toBeGreaterThan(0);
  });

  test("answers over TLS and on a unix socket", async () => {
    const app = () =>
      new App(undefined).post("/", async (req, _params, conn) =>
        Response.json(200, [conn.scheme, await req.text()]),
      );
    const tls = selfSignedCertificate();
    const secure = await open(app(), { fastLane: true, tls });
    const path = join(mkdtempSync(join(tmpdir(), "hatcheck-lane-")), "socket");
    await open(app(), { fastLane: true, path });
    const ask = async (socket: Socket, at: string): Promise<string> => {
      await once(socket, at);
      for (const body of ["one", "two"]) socket.write(`POST / ${HEAD}Content-Length: 3\r\n\r\n${body}`);
      socket.write(`POST / ${HEAD}Connection: close\r\nContent-Length: 5\r\n\r\nthree`);
      return textOf(socket);
    };
    const bodies = (answers: string) => answers.match(/\[.*?\]/g);
    const overTls = await ask(
      connectTls({ port: secure.port, host: "127.0.0.1", ca: tls.cert, servername: "localhost" }),
      "secureConnect",
    );
    expect(bodies(overTls)).toEqual(['["https","one"]', '["https","two"]', '["https","three"]']);
    expect(bodies(await ask(connect({ path }), "connect"))).toEqual([
      '["http","one"]',
      '["http","two"]',
      '["http","three"]',
    ]);
    rmSync(dirname(path), { recursive: true });
  });

  test("needs a server of our own making", async () => {
    await expect(new App(undefined).listen({ fastLane: true, createServer })).rejects.toThrow(
      /leave out createServer/,
    );
  });
});
