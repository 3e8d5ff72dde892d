// HTTP/2 over TLS, beside HTTP/1.1 on one port: the life of its connections, and their limits.
import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import type { Application } from "../app/application.ts";
import { ConnectionInfo, type Peer } from "../message/connection.ts";
import { requestEnd } from "../message/diagnostics.ts";
import type { FinalResponse } from "../message/prepared-response.ts";
import { Request } from "../message/request.ts";
import { isStream } from "../message/response.ts";
import { sendInstead } from "./send-instead.ts";
import { Http2Request, letGoOfBody, sendOverStream, whenStreamOver } from "./http2-stream.ts";

/** Requests that one connection may have open at once. */
const MAX_STREAMS = 100;

/** Fields of one request; the size of the head is what really bounds them. */
const MAX_FIELDS = 2000;

/**
 * Answers that a client may reset on one connection until it is asked to open another. node:http2 goes on counting what
 * was not sent of each as memory of the connection, and would refuse all requests in the end.
 */
const MAX_CANCELLED = 100;

/** Megabytes of memory that node:http2 counts for one connection. */
const MAX_MEMORY = 32;

/** What a server was told, by the names of node:http; times in milliseconds. */
export interface Http2Limits {
  readonly maxHeaderSize: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly idleTimeoutMs: number;
  readonly keepAliveTimeout: number;
}

export interface Http2 {
  /** Takes a connection whose client chose HTTP/2. */
  readonly take: (socket: TLSSocket, peer: Peer) => void;
  /** Takes no more requests; connections close with the last answer that is under way. */
  readonly close: () => void;
  readonly cut: () => void;
}

/** What tells a connection that it is HTTP/2. @see https://www.rfc-editor.org/rfc/rfc9113#section-3.2 */
export const ALPN: string[] = ["h2", "http/1.1"];

export function serveHttp2<State>(app: Application<State>, limits: Http2Limits): Http2 {
  const sessions = new Map<ServerHttp2Session, TLSSocket>();
  let closing = false;
  const { maxHeaderSize, headersTimeout, requestTimeout, idleTimeoutMs, keepAliveTimeout } = limits;
  const settings = {
    enablePush: false,
    maxConcurrentStreams: MAX_STREAMS,
    // A head over our limit gets 431; node:http2 resets one over twice the limit.
    maxHeaderListSize: maxHeaderSize * 2,
  };

  const answer = (stream: ServerHttp2Stream, rawHeaders: readonly string[], peer: Peer): void => {
    stream.on("error", ignore);
    // Who resets a stream as soon as it is open gets no work done for it.
    if (stream.destroyed || stream.closed) return;
    const raw = new Http2Request(stream, rawHeaders, peer);
    if (raw.headBytes > maxHeaderSize) {
      refuse(stream, 431);
      return;
    }
    if (!stream.endAfterHeaders) limitBody(stream, requestTimeout);
    const req = new Request(raw);
    const conn = new ConnectionInfo(peer, req);
    if (requestEnd.hasSubscribers) announceWhenOver(stream, req, conn);
    const final = app.respond(req, conn);
    if (final instanceof Promise || isStream(final.body)) {
      if (idleTimeoutMs > 0) stream.setTimeout(idleTimeoutMs, () => cut(stream));
      void sendLater(stream, req, conn, final);
      return;
    }
    try {
      void sendOverStream(stream, final);
    } catch (error) {
      void fail(stream, req, conn, final, error);
    }
  };
  const sendLater = async (
    stream: ServerHttp2Stream,
    req: Request,
    conn: ConnectionInfo,
    answered: FinalResponse | Promise<FinalResponse>,
  ): Promise<void> => {
    const final = answered instanceof Promise ? await answered : answered;
    try {
      await sendOverStream(stream, final);
    } catch (error) {
      await fail(stream, req, conn, final, error);
    }
  };
  const fail = (
    stream: ServerHttp2Stream,
    req: Request,
    conn: ConnectionInfo,
    broken: FinalResponse,
    error: unknown,
  ): Promise<void> => {
    const exchange = {
      canBeAnswered: !stream.headersSent && !stream.destroyed && !stream.closed,
      send: (final: FinalResponse) => sendOverStream(stream, final),
      cutOff: () => cut(stream),
    };
    return sendInstead(app, exchange, broken, req, conn, error);
  };

  return {
    take: (socket, peer) => {
      const session = performServerHandshake(socket, {
        settings,
        maxHeaderListPairs: MAX_FIELDS,
        maxSessionMemory: MAX_MEMORY,
      });
      sessions.set(session, socket);
      let open = 0;
      // Bytes alone keep no connection open: who sends pings and no requests is idle.
      const endWhenIdle = (): void => {
        if (open === 0) session.close();
      };
      const first = setTimeout(endWhenIdle, headersTimeout);
      let idle: NodeJS.Timeout | undefined;
      let cancelled = 0;
      const onStreamClose = function (this: ServerHttp2Stream): void {
        open -= 1;
        if (!this.writableFinished) cancelled += 1;
        if (cancelled === MAX_CANCELLED) session.close();
        if (open === 0 && !session.destroyed) idle?.refresh();
      };
      session
        .on("error", ignore)
        .on("stream", (stream: ServerHttp2Stream, _headers, _flags, rawHeaders: string[]) => {
          clearTimeout(first);
          idle ??= setTimeout(endWhenIdle, keepAliveTimeout);
          open += 1;
          stream.once("close", onStreamClose);
          answer(stream, rawHeaders, peer);
        });
      socket.once("close", () => {
        clearTimeout(first);
        clearTimeout(idle);
        sessions.delete(session);
      });
      if (idleTimeoutMs > 0) session.setTimeout(idleTimeoutMs, () => session.destroy());
      // One that was shaking hands when the server began to close.
      if (closing) session.close();
    },
    close: () => {
      closing = true;
      for (const session of sessions.keys()) session.close();
    },
    cut: () => {
      for (const socket of sessions.values()) socket.destroy();
    },
  };
}

/** Answers 408 to a request whose body has not come whole in time. */
function limitBody(stream: ServerHttp2Stream, ms: number): void {
  const timer = setTimeout(() => {
    if (stream.state.state !== constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE) refuse(stream, 408);
  }, ms);
  stream.once("close", () => clearTimeout(timer)).once("end", () => clearTimeout(timer));
}

/** Answers with a status alone, or cuts an answer that is under way. */
function refuse(stream: ServerHttp2Stream, status: number): void {
  if (stream.destroyed || stream.closed) return;
  if (stream.headersSent) {
    cut(stream);
    return;
  }
  stream.once("finish", () => letGoOfBody(stream)).respond({ ":status": status }, { endStream: true });
}

/** Resets a stream. `close` would end it first, and a client would take a part of the answer for the whole. */
function cut(stream: ServerHttp2Stream): void {
  stream.destroy(new Error("The answer was cut off"));
}

function announceWhenOver(stream: ServerHttp2Stream, req: Request, conn: ConnectionInfo): void {
  whenStreamOver(stream, (completed) => {
    const status = stream.headersSent ? stream.sentHeaders[":status"] : undefined;
    requestEnd.publish({ req, conn, statusCode: status ?? 499, completed });
  });
}

function ignore(): void {}
