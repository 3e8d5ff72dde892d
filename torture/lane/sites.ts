// The same site twice, on the fast lane and off it, and clients that send bytes to both.
import { once } from "node:events";
import { Server as NetServer } from "node:net";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Server as HttpServer } from "node:http";
import { Duplex } from "node:stream";
import { App, type ListenOptions, Response, type Server } from "@hatcheck/core";

/** What came of a connection. */
export interface Seen {
  /** The requests that handlers saw, in order. */
  readonly requests: readonly string[];
  /** Why node:http refused what came, if it did. */
  readonly refusal: string | undefined;
  /** The answers' bytes in latin1; dates are all the same. */
  readonly answers: string;
  /** Whether the server has closed its side. */
  readonly closed: boolean;
}

export interface Site {
  readonly server: Server;
  readonly http: HttpServer;
  /** What became of the connection from this port; it is forgotten. */
  readonly heardFrom: (port: number) => Pick<Seen, "requests" | "refusal">;
  /** How many requests handlers saw, and how many of them node:http had parsed. */
  readonly count: () => { requests: number; byNode: number };
}

/**
 * Every answer says what its request was, so that comparing answers compares methods, targets, fields, bodies and their
 * order. The query chooses what kind of answer it is.
 */
export async function openSite(fastLane: boolean, options: ListenOptions = {}): Promise<Site> {
  let requests = 0;
  let byNode = 0;
  const refusals = new Map<number, string>();
  const logs = new Map<number, string[]>();
  const app = new App(undefined).wrap((req, conn) => {
    requests += 1;
    const fields = req.headers.map(({ name, value }) => [name, value]);
    const log = logs.get(conn.client.port) ?? [];
    logs.set(conn.client.port, log);
    const say = (body: string): string =>
      JSON.stringify([req.method, req.url, req.httpVersion, fields, body]);
    const place = log.push(say("(not whole)")) - 1;
    const answer = (body: string): Response => {
      log[place] = say(body);
      return answerTo(req.url, say(body));
    };
    // What has no body is answered at once.
    if (!req.headers.some(({ name }) => /^(?:content-length|transfer-encoding)$/i.test(name)))
      return answer("");
    return req.bytes().then(
      (bytes) => answer(Buffer.from(bytes).toString("latin1")),
      () => Response.empty(400),
    );
  });
  const { listen } = NetServer.prototype;
  let http: HttpServer | undefined;
  NetServer.prototype.listen = function (this: NetServer, ...args: never[]) {
    http ??= this as HttpServer;
    return Reflect.apply(listen, this, args) as NetServer;
  } as typeof listen;
  try {
    const server = await app.listen({ port: 0, fastLane, ...options });
    if (http === undefined) throw new Error("The server listens on nothing that is known");
    http.on("request", () => (byNode += 1));
    http.prependListener("clientError", (error: NodeJS.ErrnoException, { remotePort }: Socket) => {
      if (remotePort !== undefined) refusals.set(remotePort, error.code ?? error.message);
    });
    return {
      server,
      http,
      heardFrom: (port) => {
        const heard = { requests: logs.get(port) ?? [], refusal: refusals.get(port) };
        logs.delete(port);
        refusals.delete(port);
        return heard;
      },
      count: () => ({ requests, byNode }),
    };
  } finally {
    NetServer.prototype.listen = listen;
  }
}

function answerTo(url: string, said: string): Response {
  switch (/[?&]as=(\w+)/.exec(url)?.[1]) {
    case "bytes":
      return Response.bytes(200, Buffer.from(said, "latin1")).appendHeader("X-Latin", "\u00e9");
    case "stream":
      return Response.stream(200, pieces(said));
    case "empty":
      return Response.empty(204);
    case "large":
      return Response.text(200, said.repeat(200));
    case "moved":
      return Response.redirect(303, "/elsewhere");
    default:
      return Response.text(200, said).appendHeader("X-Latin", "\u00e9");
  }
}

async function* pieces(text: string): AsyncGenerator<string> {
  yield text.slice(0, 10);
  yield "";
  yield text.slice(10);
}

/** A connection without a system below it: what is pushed is received, what is written is kept. */
export class FakeSocket extends Duplex {
  readonly remoteAddress = "192.0.2.1";
  readonly remotePort: number;
  readonly localAddress = "192.0.2.2";
  readonly localPort = 80;
  readonly #isSlow: boolean;
  #written: Buffer[] = [];

  /** @param isSlow whether what is written is taken in a later turn only */
  constructor(port: number, isSlow: boolean) {
    super({ allowHalfOpen: true });
    this.remotePort = port;
    this.#isSlow = isSlow;
    this.on("error", () => {});
  }

  setTimeout(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#written.push(chunk);
    if (this.#isSlow) setImmediate(done);
    else done();
  }

  get answers(): string {
    return comparable(Buffer.concat(this.#written).toString("latin1"));
  }

  get isOver(): boolean {
    return this.destroyed || this.writableEnded;
  }
}

/** Answers with the same date, and with streams in one chunk: newer versions of node:http put small chunks together. */
function comparable(answers: string): string {
  const dated = answers.replaceAll(/^Date: [^\r]*\r$/gm, "Date: then\r");
  return dated.replaceAll(
    /(\r\n\r\n)((?:[0-9a-f]+\r\n[^\r]*\r\n)+)(?=0\r\n\r\n)/g,
    (_all, end: string, chunks: string) => {
      return end + chunks.replaceAll(/[0-9a-f]+\r\n([^\r]*)\r\n/g, "$1");
    },
  );
}

/**
 * A client over TCP. Gives what it saw once the server has closed the connection, or nothing has come for many turns of
 * the loop: both ends are in this process, and time says nothing on a busy machine.
 */
export async function overTcp(
  { http, heardFrom }: Site,
  chunks: readonly Buffer[],
  end: boolean,
): Promise<Seen> {
  const { port } = http.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const received: Buffer[] = [];
  const state = { closed: false };
  let quiet = 0;
  socket.on("data", (chunk: Buffer) => {
    received.push(chunk);
    quiet = 0;
  });
  for (const event of ["end", "error", "close"]) {
    socket.on(event, () => {
      state.closed = true;
    });
  }
  await once(socket, "connect");
  const clientPort = socket.localPort ?? 0;
  for (const chunk of chunks) {
    socket.write(chunk);
    await turns(PAUSE);
  }
  if (end) socket.end();
  for (; !state.closed && quiet < SILENCE; quiet += 1) await turns(1);
  socket.destroy();
  const { closed } = state;
  return {
    ...heardFrom(clientPort),
    answers: comparable(Buffer.concat(received).toString("latin1")),
    closed,
  };
}

/** In turns of the loop. */
const PAUSE = 10;
const SILENCE = 60;

export async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
}
