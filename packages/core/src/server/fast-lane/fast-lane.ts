// The fast lane: stands before node:http's own connection listener and answers what is plain; see docs/performance.md.
//
// Two thirds of a small request are spent in the JavaScript of node:http and in the kernel. A request that came whole and in
// the strict form of `parse-request.ts` is answered here, with the very bytes that node:http would send. At the first byte of
// anything else the connection goes to node:http for good, with all bytes that nobody has taken.
import type { Server as HttpServer } from "node:http";
import { Server as HttpsServer } from "node:https";
import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { ConnectionInfo } from "../../message/connection.ts";
import { requestEnd } from "../../message/diagnostics.ts";
import type { FinalResponse } from "../../message/prepared-response.ts";
import { Request } from "../../message/request.ts";
import { isStream } from "../../message/response.ts";
import type { Responder } from "../begin-response.ts";
import { refuseClient } from "../refuse-client.ts";
import { sendInstead } from "../send-instead.ts";
import type { Sockets } from "../sockets.ts";
import { LaneConnection, type LaneOptions } from "./connection.ts";
import type { LaneExchange } from "./exchange.ts";

export interface FastLane {
  /** Closes the connections that carry no request. */
  readonly closeIdle: () => void;
  /** Cuts all connections. */
  readonly cut: () => void;
}

/** The limits of the server, in milliseconds and bytes, as node:http has them. */
export interface LaneLimits {
  readonly maxHeaderSize: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  readonly connectionsCheckingInterval: number;
  readonly idleTimeoutMs: number;
}

/** Who measures node:http through its channel must see every request there. */
const nodeHttpStart = channel("http.server.request.start");

/** Takes the connections of a server that has not begun to listen, and is node:http's in nothing else. */
export function takeFastLane(
  app: Responder,
  http: HttpServer,
  sockets: Sockets,
  limits: LaneLimits,
  isClosing: () => boolean,
): FastLane {
  const open = new Set<LaneConnection>();
  /** Those that have sent nothing yet, and since when, the oldest first. */
  const fresh = new Map<LaneConnection, number>();
  const event = http instanceof HttpsServer ? "secureConnection" : "connection";
  const nodeListeners = http.listeners(event);
  const giveToNode = (socket: Socket): void => {
    for (const listener of nodeListeners) Reflect.apply(listener, http, [socket]);
  };
  const fail = (
    exchange: LaneExchange,
    req: Request,
    conn: ConnectionInfo,
    broken: FinalResponse,
    error: unknown,
  ): Promise<void> => {
    const { canBeAnswered } = exchange;
    const send = (final: FinalResponse) => exchange.send(final, isClosing());
    return sendInstead(app, { canBeAnswered, send, cutOff: () => exchange.cut() }, broken, req, conn, error);
  };
  const sendLater = async (
    exchange: LaneExchange,
    req: Request,
    conn: ConnectionInfo,
    answered: FinalResponse | Promise<FinalResponse>,
  ): Promise<void> => {
    const final = answered instanceof Promise ? await answered : answered;
    try {
      await exchange.send(final, isClosing());
    } catch (error) {
      await fail(exchange, req, conn, final, error);
    }
  };
  const options: LaneOptions = {
    maxHeadBytes: limits.maxHeaderSize,
    idleTimeoutMs: limits.idleTimeoutMs,
    keepAliveMs: limits.keepAliveTimeout,
    keepAliveTimeoutMs: limits.keepAliveTimeout === 0 ? 0 : limits.keepAliveTimeout + bufferOf(http),
    answer: (exchange) => {
      const req = new Request(exchange);
      const conn = new ConnectionInfo(sockets.peerOf(exchange.socket), req);
      if (requestEnd.hasSubscribers) announceWhenOver(exchange, req, conn);
      const final = app.respond(req, conn);
      if (final instanceof Promise || isStream(final.body)) {
        exchange.hold();
        void sendLater(exchange, req, conn, final);
        return;
      }
      try {
        void exchange.send(final, isClosing());
      } catch (error) {
        void fail(exchange, req, conn, final, error);
      }
    },
    handOver: (socket, rest) => {
      if (socket.isPaused()) socket.resume();
      giveToNode(socket);
      // At once, and not by `unshift`, which would be read in a later turn: behind bytes that come in this one.
      socket.emit("data", rest);
      while (!socket.isPaused() && socket.readableLength > 0 && socket.read() !== null);
    },
    onFirstBytes: (connection) => fresh.delete(connection),
    onClose: (connection) => {
      open.delete(connection);
      fresh.delete(connection);
    },
  };

  http.removeAllListeners(event).on(event, (socket: Socket) => {
    if (nodeHttpStart.hasSubscribers) {
      giveToNode(socket);
      return;
    }
    const connection = new LaneConnection(socket, options);
    open.add(connection);
    fresh.set(connection, performance.now());
  });
  const timeouts = [limits.headersTimeout, limits.requestTimeout].filter((each) => each > 0);
  const patienceMs = Math.min(...timeouts);
  const check = setInterval(() => {
    const now = performance.now();
    for (const [connection, since] of fresh) {
      if (now - since < patienceMs) return;
      fresh.delete(connection);
      connection.refuse(() => refuseClient(TIMEOUT, connection.socket));
    }
  }, limits.connectionsCheckingInterval).unref();
  http.once("close", () => clearInterval(check));

  return {
    closeIdle: () => {
      for (const connection of open) if (connection.isIdle) connection.socket.destroy();
    },
    cut: () => {
      for (const { socket } of open) socket.destroy();
    },
  };
}

const TIMEOUT: NodeJS.ErrnoException = Object.assign(new Error("Request timeout"), {
  code: "ERR_HTTP_REQUEST_TIMEOUT",
});

/** What newer versions of Node add to the time that they promise a client, in milliseconds. */
function bufferOf(http: HttpServer): number {
  const { keepAliveTimeoutBuffer = 0 } = http as HttpServer & { keepAliveTimeoutBuffer?: number };
  return keepAliveTimeoutBuffer;
}

function announceWhenOver(exchange: LaneExchange, req: Request, conn: ConnectionInfo): void {
  exchange.whenOver((completed) => {
    requestEnd.publish({ req, conn, statusCode: exchange.statusCode ?? 499, completed });
  });
}
