// The life of a server: it listens, answers within its limits, and closes.
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Application } from "../app/application.ts";
import { ConnectionInfo } from "../message/connection.ts";
import { requestEnd } from "../message/diagnostics.ts";
import type { FinalResponse } from "../message/prepared-response.ts";
import { cutOff, NodeRequest, send, skipEmptyBody, whenOver } from "./node-http.ts";
import { Request } from "../message/request.ts";
import { isStream } from "../message/response.ts";
import { startListening, urlOf } from "./bind.ts";
import { ClosingNotice } from "../message/closing.ts";
import { takeFastLane } from "./fast-lane/fast-lane.ts";
import { ALPN, type Http2, serveHttp2 } from "./http2.ts";
import { assertCloseOptions, type CloseOptions, type ListenOptions, type Server } from "./options.ts";
import { LeanMessage } from "./lean-message.ts";
import { refuseClient, refuseVersion } from "./refuse-client.ts";
import { sendInstead } from "./send-instead.ts";
import { closeOnSignals } from "./signals.ts";
import { type Sockets, trackSockets } from "./sockets.ts";
import { trustProxy } from "./trust-proxy.ts";
import { asksForUpgrade, onlyWhen, runUpgrade, withoutUpgrade } from "./upgrade.ts";

/** @throws Error when it cannot listen, with a message that says what to do. */
export async function listen<State>(app: Application<State>, options: ListenOptions): Promise<Server> {
  const {
    host = "127.0.0.1",
    port = 7878,
    path,
    tls,
    http2 = false,
    fastLane = false,
    signals = false,
    idleTimeoutMs = 120_000,
    requestTimeoutMs = 60_000,
  } = options;
  if (http2 && (tls === undefined || options.createServer !== undefined)) {
    throw new TypeError("listen: http2 needs tls, and no createServer: browsers speak HTTP/2 over TLS alone");
  }
  if (http2 && "bun" in process.versions) {
    throw new TypeError(
      "listen: http2 does not work on Bun; leave it out, and let a proxy speak HTTP/2 with browsers",
    );
  }
  if (fastLane && options.createServer !== undefined) {
    throw new TypeError("listen: fastLane needs a server of our own making; leave out createServer");
  }
  const trust = options.trustProxy === undefined ? undefined : trustProxy(options.trustProxy);
  let closing = false;
  const isClosing = () => closing;
  const notice = new ClosingNotice();
  const sockets = trackSockets(trust, idleTimeoutMs, isClosing, notice.on);

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
        void fail(raw, req, conn, final, error);
      }
      if (incoming.socket.writableLength > 0) sockets.watch(incoming.socket);
    }
    if (closing) outgoing.once("close", closeIdle);
  };
  const sendLater = async (
    raw: NodeRequest,
    req: Request,
    conn: ConnectionInfo,
    answered: FinalResponse | Promise<FinalResponse>,
  ): Promise<void> => {
    const final = answered instanceof Promise ? await answered : answered;
    try {
      await send(raw, final, closing);
    } catch (error) {
      await fail(raw, req, conn, final, error);
    }
  };
  const fail = (
    raw: NodeRequest,
    req: Request,
    conn: ConnectionInfo,
    broken: FinalResponse,
    error: unknown,
  ): Promise<void> => {
    const { headersSent, destroyed } = raw.outgoing;
    const exchange = {
      canBeAnswered: !headersSent && !destroyed,
      send: (final: FinalResponse) => send(raw, final, closing),
      cutOff: () => cutOff(raw, broken),
    };
    return sendInstead(app, exchange, broken, req, conn, error);
  };
  const closeIdle = (): void => {
    http.closeIdleConnections();
    lane?.closeIdle();
  };
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    if (incoming.httpVersionMajor === 1) answer(incoming, outgoing, false);
    else refuseVersion(outgoing);
  };

  const limits = {
    maxHeaderSize: options.maxHeaderBytes ?? 16 * 1024,
    headersTimeout: options.headersTimeoutMs ?? Math.min(10_000, requestTimeoutMs || 10_000),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
    connectionsCheckingInterval: 1000,
    IncomingMessage: LeanMessage,
  };
  const http =
    options.createServer?.(onRequest) ??
    (tls === undefined
      ? createHttpServer(limits, onRequest)
      : createHttpsServer({ ...tls, ...limits, ...(http2 && { ALPNProtocols: ALPN }) }, onRequest));
  // What there is room for in a head is read whole: node:http drops what comes after a thousand fields without a word.
  http.maxHeadersCount ??= 0;
  const lane = fastLane
    ? takeFastLane(app, http, sockets, { ...limits, idleTimeoutMs }, isClosing)
    : undefined;
  http.on("checkContinue", (incoming, outgoing) => answer(incoming, outgoing, true));
  http.on("clientError", refuseClient);
  const connection = http instanceof HttpsServer ? "secureConnection" : "connection";
  http.on(connection, sockets.add);
  const { upgrade } = options;
  if (upgrade !== undefined) {
    onlyWhen(http, asksForUpgrade);
    http.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (!asksForUpgrade(incoming)) {
        socket.unshift(withoutUpgrade(incoming, head));
        http.emit(connection, socket);
        return;
      }
      sockets.handOver(incoming.socket, socket);
      // Whoever takes over is given the dictionary itself.
      Reflect.ownKeys(incoming.headers);
      const req = new Request({
        method: incoming.method ?? "GET",
        url: incoming.url ?? "/",
        rawHeaders: incoming.rawHeaders,
      });
      const conn = new ConnectionInfo(sockets.peerOf(incoming.socket), req);
      runUpgrade(upgrade, req, conn, { incoming, socket, head });
    });
  }

  const overHttp2 = http2
    ? takeHttp2(http, sockets, serveHttp2(app, { ...limits, idleTimeoutMs }))
    : undefined;

  await startListening(http, path === undefined ? { host, port } : { path });
  const bound = http.address();
  const isPort = typeof bound === "object" && bound !== null;

  let closed: Promise<void> | undefined;
  const { promise: whenClosed, resolve: hasClosed } = Promise.withResolvers<void>();
  const close = (closeOptions: CloseOptions = {}): Promise<void> => {
    try {
      assertCloseOptions(closeOptions);
    } catch (error) {
      return Promise.reject(error);
    }
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
        lane?.cut();
        sockets.cutHandedOver();
        overHttp2?.cut();
      }, graceMs);
      // A connection that was busy when closing began is idle a moment after its answer.
      const sweep = setInterval(closeIdle, 50);
      http.close(() => {
        clearTimeout(cut);
        clearInterval(sweep);
        resolve();
      });
      notice.give();
      closeIdle();
      sockets.cutUnused();
      overHttp2?.close();
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

/** Gives HTTP/2 those connections whose clients chose it, and leaves the others to whoever had them all. */
function takeHttp2(http: HttpServer, sockets: Sockets, http2: Http2): Http2 {
  const others = http.listeners("secureConnection");
  http.removeAllListeners("secureConnection").on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2") http2.take(socket, sockets.peerOf(socket));
    else for (const listener of others) Reflect.apply(listener, http, [socket]);
  });
  return http2;
}

function announceWhenOver(raw: NodeRequest, req: Request, conn: ConnectionInfo): void {
  whenOver(raw, (completed) => {
    const { headersSent, statusCode } = raw.outgoing;
    requestEnd.publish({ req, conn, statusCode: headersSent ? statusCode : 499, completed });
  });
}

function ignore(): void {}
