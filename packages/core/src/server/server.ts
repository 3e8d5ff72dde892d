// Listening and closing: the life of a server, its limits, and what it says to whom it cannot understand.
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import {
  createServer as createHttpsServer,
  Server as HttpsServer,
  type ServerOptions as TlsOptions,
} from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { App } from "../app/application.ts";
import { ConnectionInfo } from "../message/connection.ts";
import { requestEnd } from "../message/diagnostics.ts";
import type { FinalResponse } from "../message/prepared-response.ts";
import { NodeRequest, send, skipEmptyBody, whenOver } from "./node-http.ts";
import { Request } from "../message/request.ts";
import { isStream } from "../message/response.ts";
import { trackSockets } from "./sockets.ts";
import { trustProxy, type TrustProxy } from "./trust-proxy.ts";

export interface ListenOptions {
  /** 7878 unless given; 0 lets the system choose. */
  port?: number;
  /** `"127.0.0.1"` unless given: `"0.0.0.0"` or `"::"` opens the server to the network. */
  host?: string;
  /** A unix socket to listen on, in place of a port. */
  path?: string;
  /** Certificate and key, as `node:https` takes them. */
  tls?: TlsOptions;
  /** Makes the server, in place of ours; it brings its own limits and timeouts. */
  createServer?: (onRequest: (incoming: IncomingMessage, outgoing: ServerResponse) => void) => HttpServer;
  /** Which proxies' word is taken for the client's address, scheme and host; none unless given. */
  trustProxy?: TrustProxy;
  /** Most bytes of a request's head; more is 431. 16 KiB unless given. */
  maxHeaderBytes?: number;
  /** Milliseconds in which a request's head must have arrived, or 408; 10,000 unless given. */
  headersTimeoutMs?: number;
  /** Milliseconds in which a whole request must have arrived, or 408; 60,000 unless given. */
  requestTimeoutMs?: number;
  /** Milliseconds without a byte in either direction until a connection is cut; 120,000 unless given, 0 for never. */
  idleTimeoutMs?: number;
  /** Milliseconds that a connection is kept for a next request; 65,000 unless given: longer than load balancers do. */
  keepAliveTimeoutMs?: number;
  /** Closes on SIGTERM and SIGINT; a second signal ends the process at once. Off unless given. */
  signals?: boolean;
  /** Milliseconds that `close` waits for requests in flight; 10,000 unless given. */
  graceMs?: number;
  /** Takes over connections that ask for an upgrade, such as WebSockets; without it they are answered like any other request. */
  upgrade?: UpgradeHandler;
}

/** Takes over a connection: it owns the socket from then on. */
export type UpgradeHandler = (
  req: Request,
  conn: ConnectionInfo,
  raw: { readonly incoming: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
) => void | Promise<void>;

export interface CloseOptions {
  /** Milliseconds that requests in flight are given; then they are cut. */
  graceMs?: number;
  /** Milliseconds to go on serving while `/readyz` says 503 already, so that load balancers turn away first; 0 unless given. */
  delayMs?: number;
}

/** A server that listens. */
export interface Server extends AsyncDisposable {
  /** Where it is reached: `http://127.0.0.1:7878`; of a unix socket, its path. */
  readonly url: string;
  /** The port; 0 of a unix socket. */
  readonly port: number;
  /** Whether it has begun to close. */
  readonly closing: boolean;
  /** Resolves when it has closed, whatever made it. */
  readonly closed: Promise<void>;
  /** Stops accepting, lets requests in flight finish within the grace period, and closes. It can be called again. */
  close(options?: CloseOptions): Promise<void>;
}

/** @throws Error when it cannot listen, with a message that says what to do. */
export async function listen<State>(app: App<State>, options: ListenOptions): Promise<Server> {
  const { host = "127.0.0.1", port = 7878, path, tls, signals = false } = options;
  const trust = options.trustProxy === undefined ? undefined : trustProxy(options.trustProxy);
  let closing = false;
  const isClosing = () => closing;
  const sockets = trackSockets(trust, options.idleTimeoutMs ?? 120_000, isClosing);

  // No closure is made here for a request that is answered at once: making them costs more than calling what they call.
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse, expectsContinue: boolean): void => {
    skipEmptyBody(incoming);
    const raw = new NodeRequest(incoming, outgoing, expectsContinue);
    const req = new Request(raw);
    const conn = new ConnectionInfo(sockets.peerOf(incoming.socket), req);
    if (requestEnd.hasSubscribers) announceWhenOver(raw, req, conn);
    const final = app.respond(req, conn);
    if (final instanceof Promise || isStream(final.body)) {
      sockets.watch(incoming.socket);
      void sendLater(raw, req, conn, final);
    } else {
      try {
        void send(raw, final, closing);
      } catch (error) {
        fail(raw, req, conn, error);
      }
      if (incoming.socket.writableLength > 0) sockets.watch(incoming.socket);
    }
    if (closing) outgoing.once("close", closeIdle);
  };
  const sendLater = async (
    raw: NodeRequest,
    req: Request,
    conn: ConnectionInfo,
    final: FinalResponse | Promise<FinalResponse>,
  ): Promise<void> => {
    try {
      await send(raw, final instanceof Promise ? await final : final, closing);
    } catch (error) {
      fail(raw, req, conn, error);
    }
  };
  /** What node:http refuses though we did not, such as a Trailer of a body that is not chunked; and streams that break. */
  const fail = (raw: NodeRequest, req: Request, conn: ConnectionInfo, error: unknown): void => {
    raw.outgoing.destroy();
    app.report(error, req, conn);
  };
  const closeIdle = (): void => http.closeIdleConnections();
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void =>
    answer(incoming, outgoing, false);

  const limits = {
    maxHeaderSize: options.maxHeaderBytes ?? 16 * 1024,
    headersTimeout: options.headersTimeoutMs ?? 10_000,
    requestTimeout: options.requestTimeoutMs ?? 60_000,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
    connectionsCheckingInterval: 1000,
  };
  const http =
    options.createServer?.(onRequest) ??
    (tls === undefined
      ? createHttpServer(limits, onRequest)
      : createHttpsServer({ ...tls, ...limits }, onRequest));
  http.on("checkContinue", (incoming, outgoing) => answer(incoming, outgoing, true));
  http.on("clientError", refuseClient);
  http.on(http instanceof HttpsServer ? "secureConnection" : "connection", sockets.add);
  const { upgrade } = options;
  if (upgrade !== undefined) {
    http.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
      sockets.handOver(incoming.socket, socket);
      const req = new Request({
        method: incoming.method ?? "GET",
        url: incoming.url ?? "/",
        rawHeaders: incoming.rawHeaders,
      });
      const conn = new ConnectionInfo(sockets.peerOf(incoming.socket), req);
      runUpgrade(upgrade, req, conn, { incoming, socket, head });
    });
  }

  await startListening(http, path === undefined ? { host, port } : { path });
  const bound = http.address();
  const isPort = typeof bound === "object" && bound !== null;

  let closed: Promise<void> | undefined;
  const { promise: whenClosed, resolve: hasClosed } = Promise.withResolvers<void>();
  const close = (closeOptions: CloseOptions = {}): Promise<void> => {
    closed ??= shutDown(closeOptions).then(() => {
      stopSignals();
      hasClosed();
    });
    return closed;
  };
  const shutDown = async ({
    graceMs = options.graceMs ?? 10_000,
    delayMs = 0,
  }: CloseOptions): Promise<void> => {
    closing = true;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        http.closeAllConnections();
        sockets.cutHandedOver();
      }, graceMs);
      // A connection that was busy when closing began is idle a moment after its answer.
      const sweep = setInterval(() => http.closeIdleConnections(), 50);
      http.close(() => {
        clearTimeout(cut);
        clearInterval(sweep);
        resolve();
      });
      http.closeIdleConnections();
      sockets.cutUnused();
    });
  };
  const stopSignals = signals ? closeOnSignals(close) : ignore;

  return {
    url: isPort ? urlOf(bound, http instanceof HttpsServer) : String(bound),
    port: isPort ? bound.port : 0,
    get closing() {
      return closing;
    },
    closed: whenClosed,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function announceWhenOver(raw: NodeRequest, req: Request, conn: ConnectionInfo): void {
  whenOver(raw, (completed) => {
    const { headersSent, statusCode } = raw.outgoing;
    requestEnd.publish({ req, conn, statusCode: headersSent ? statusCode : 499, completed });
  });
}

function startListening(
  http: HttpServer,
  where: { host: string; port: number } | { path: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => reject(explain(error, where));
    http.once("error", refuse);
    http.listen(where, () => {
      http.off("error", refuse);
      http.on("error", (error) => console.error("The server could not accept a connection:", error));
      resolve();
    });
  });
}

function explain(
  error: NodeJS.ErrnoException,
  where: { host: string; port: number } | { path: string },
): Error {
  const place = "path" in where ? `The socket ${where.path}` : `Port ${where.port} on ${where.host}`;
  const problems: Record<string, string> = {
    EADDRINUSE: `${place} is in use; stop what listens there or choose another`,
    EACCES: `${place} may not be opened by this user; choose one that may`,
    EADDRNOTAVAIL: `${place} is no address of this machine`,
  };
  return new Error(problems[error.code ?? ""] ?? `${place} cannot be opened: ${error.message}`, {
    cause: error,
  });
}

function urlOf({ address, family, port }: AddressInfo, encrypted: boolean): string {
  const host = family === "IPv6" ? `[${address}]` : address;
  return `${encrypted ? "https" : "http"}://${host}:${port}`;
}

/** Answers what node:http's parser refused: too large, too slow, or no HTTP. */
function refuseClient(error: NodeJS.ErrnoException, socket: Duplex): void {
  const status = {
    HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
    HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  }[error.code ?? ""];
  // Into the middle of an answer nothing can be written: the client would take it for a part of that answer.
  const { _httpMessage: current } = socket as Socket & { _httpMessage?: ServerResponse };
  if (!socket.writable || error.code === "ECONNRESET" || current?.headersSent) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${status ?? "400 Bad Request"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  // A client that goes on sending is not waited for.
  setTimeout(() => socket.destroy(), 1000).unref();
}

async function runUpgrade(
  upgrade: UpgradeHandler,
  req: Request,
  conn: ConnectionInfo,
  raw: Parameters<UpgradeHandler>[2],
): Promise<void> {
  raw.socket.on("error", ignore);
  try {
    await upgrade(req, conn, raw);
  } catch (error) {
    console.error(`The upgrade of ${req.method} failed, request id ${req.id}:`, error);
    raw.socket.destroy();
  }
}

function closeOnSignals(close: () => Promise<void>): () => void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(signal === "SIGINT" ? 130 : 143);
    asked = true;
    void close();
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return () => process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
}

function ignore(): void {}
