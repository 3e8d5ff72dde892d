// Timing as OpenTelemetry has it, one span for each request, from Hatcheck's diagnostics channels: the app itself is not
// touched. In place of `onSpan` stands your exporter.
import { randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Request, RequestEnd, RequestError, RequestStart } from "@hatcheck/core";

/** A finished span of kind SERVER. @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/ */
export interface Span {
  /** `GET /users/:id`: the route, never the path, so that names stay few. */
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** The caller's span, when it sent a `traceparent`. */
  readonly parentSpanId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** Milliseconds until the last byte was sent, or the client left. */
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly failed: boolean;
}

interface OpenSpan {
  readonly startTime: number;
  readonly started: number;
  error?: unknown;
}

/** `version "-" trace-id "-" parent-id "-" flags`. @see https://www.w3.org/TR/trace-context/ */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/;

/** Calls `onSpan` at the end of each request of this process. Call what it returns to stop. */
export function traceRequests(onSpan: (span: Span) => void): () => void {
  const open = new WeakMap<Request, OpenSpan>();

  const onStart = (message: unknown): void => {
    const { req } = message as RequestStart;
    open.set(req, { startTime: Date.now(), started: performance.now() });
  };
  const onError = (message: unknown): void => {
    const { req, error } = message as RequestError;
    const span = open.get(req);
    if (span !== undefined) span.error = error;
  };
  const onEnd = (message: unknown): void => {
    const end = message as RequestEnd;
    const span = open.get(end.req);
    // A request that had begun before we listened has no span.
    if (span !== undefined) onSpan(close(span, end));
  };

  subscribe("hatcheck.request.start", onStart);
  subscribe("hatcheck.request.error", onError);
  subscribe("hatcheck.request.end", onEnd);
  return () => {
    unsubscribe("hatcheck.request.start", onStart);
    unsubscribe("hatcheck.request.error", onError);
    unsubscribe("hatcheck.request.end", onEnd);
  };
}

function close(
  { startTime, started, error }: OpenSpan,
  { req, conn, statusCode, completed }: RequestEnd,
): Span {
  const [, traceId, parentSpanId] = TRACEPARENT.exec(req.header("traceparent") ?? "") ?? [];
  const failed = statusCode >= 500 || error !== undefined;
  return {
    name: req.route === undefined ? req.method : `${req.method} ${req.route}`,
    traceId: traceId ?? randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    parentSpanId,
    startTime,
    durationMs: performance.now() - started,
    attributes: {
      "http.request.method": req.method,
      "http.response.status_code": statusCode,
      "url.scheme": conn.scheme,
      "server.address": conn.host,
      "client.address": conn.clientIp,
      "network.protocol.version": req.httpVersion,
      "hatcheck.request.id": req.id,
      "hatcheck.response.completed": String(completed),
      ...(req.route !== undefined && { "http.route": req.route }),
      ...(failed && { "error.type": error instanceof Error ? error.name : String(statusCode) }),
    },
    failed,
  };
}
