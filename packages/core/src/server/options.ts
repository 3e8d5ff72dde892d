// What a server can be told when it is made, and what it is from then on.
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { ServerOptions as TlsOptions } from "node:https";
import type { Duplex } from "node:stream";
import type { ConnectionInfo } from "../message/connection.ts";
import type { Request } from "../message/request.ts";
import {
  type Checks,
  checkOptions,
  countOf,
  isBoolean,
  isFunction,
  isString,
  milliseconds,
  objectThat,
  wholeNumber,
} from "../options/check.ts";
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
  /** Speaks HTTP/2 with clients that can, beside HTTP/1.1; needs `tls`. Off unless given. */
  http2?: boolean;
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
  /**
   * Answers plain HTTP/1.1 requests before node:http sees them, with the same bytes; all else goes to node:http. Off unless given.
   */
  fastLane?: boolean;
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
  /** The server's address: `http://127.0.0.1:7878`, or the path of its unix socket. */
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

const LISTEN_OPTIONS: Checks = {
  port: wholeNumber("", 0, 65_535),
  host: isString,
  path: isString,
  tls: objectThat("an object, as node:https takes it"),
  http2: isBoolean,
  fastLane: isBoolean,
  createServer: isFunction,
  trustProxy: (value) => void trustProxy(value as TrustProxy),
  maxHeaderBytes: countOf(" of bytes"),
  headersTimeoutMs: milliseconds(0),
  requestTimeoutMs: milliseconds(0),
  idleTimeoutMs: milliseconds(0),
  keepAliveTimeoutMs: milliseconds(0),
  signals: isBoolean,
  graceMs: milliseconds(0),
  upgrade: isFunction,
};
const CLOSE_OPTIONS: Checks = { graceMs: milliseconds(0), delayMs: milliseconds(0) };

/** @throws TypeError or RangeError that says which option is wrong, and what it takes. */
export function assertListenOptions(options: unknown): void {
  if (typeof options === "function")
    throw new TypeError(
      "listen: it takes no callback; its promise resolves when the server listens: await it",
    );
  checkOptions("listen", options, LISTEN_OPTIONS);
}

/** @throws TypeError or RangeError that says which option is wrong, and what it takes. */
export function assertCloseOptions(options: unknown): void {
  checkOptions("close", options, CLOSE_OPTIONS);
}
