// One line for each request: what was asked, what was answered, how long it took; nothing that is anybody's secret.
import type { Layer } from "../app/handler.ts";
import { type Instead, insteadOf200 } from "../message/conditional-answer.ts";
import type { Request } from "../message/request.ts";
import { isStream, type Response } from "../message/response.ts";
import { isThenable } from "../message/thenable.ts";
import { logError } from "../message/log-error.ts";
import { checkOptions, isFunction } from "../options/check.ts";
import { after } from "./after.ts";
import { countBody } from "./count-body.ts";

/** A request and its answer, as the log tells them: never the query, a cookie or another field. */
export interface AccessLogEntry {
  /** When the request arrived: ISO 8601, UTC. */
  readonly time: string;
  readonly method: string;
  /** The canonical path; `null` when the request target was malformed. */
  readonly path: string | null;
  /** The pattern of the route, such as `/users/:id`; `null` when there was none. */
  readonly route: string | null;
  readonly status: number;
  /** Milliseconds until the response was there; of a stream, until it had been read to its end or let go. */
  readonly durationMs: number;
  /** Bytes of the body, as far as it was read, before any layer further outside compresses it. */
  readonly bytes: number;
  readonly clientIp: string;
  readonly requestId: string;
}

export interface AccessLogOptions {
  /** Gets each entry, and its request for what else is to be logged, such as the user's id. It prints one line of JSON to standard output unless given. What it throws or rejects with is printed and dropped. */
  write?: (entry: AccessLogEntry, req: Request) => void | Promise<void>;
}

/** A layer that logs requests. Outermost but for `requestId`, so that it sees what all others made of the answer. */
export function accessLog(options: AccessLogOptions = {}): Layer {
  checkOptions("accessLog", options, { write: isFunction });
  const { write = writeLine } = options;

  return (req, conn, next) => {
    const time = new Date().toISOString();
    const start = performance.now();
    const log = (status: number, bytes: number): void => {
      const durationMs = Math.round((performance.now() - start) * 1000) / 1000;
      const entry = describe(req);
      try {
        const { clientIp } = conn;
        const whole = { time, ...entry, status, durationMs, bytes, clientIp, requestId: req.id };
        const written: unknown = write(whole, req);
        if (isThenable(written)) written.then(undefined, failed);
      } catch (error) {
        failed(error);
      }
    };
    return after(next(), (response) => {
      const { body } = response;
      const instead = insteadSent(req, response);
      const { statusCode } = instead ?? response;
      if (!isStream(body) || req.method === "HEAD" || statusCode === 304) {
        log(statusCode, instead === undefined ? bytesSent(req, response) : bytesOf(instead));
        return response;
      }
      const counted = response.clone();
      counted.body = countBody(body, (bytes) => log(statusCode, bytes));
      return counted;
    });
  };
}

/** A log that is full or broken is no reason to fail the request. */
function failed(error: unknown): void {
  logError("accessLog: write failed", error);
}

function describe(req: Request): Pick<AccessLogEntry, "method" | "path" | "route"> {
  const { method, route = null } = req;
  try {
    return { method, path: req.path, route };
  } catch {
    return { method, path: null, route };
  }
}

/** What the client gets in place of a 200 whose version it has, or of which it wants a part, is decided when all layers are done. */
function insteadSent(req: Request, response: Response): Instead | undefined {
  const { statusCode, body } = response;
  if (statusCode !== 200 || (req.method !== "GET" && req.method !== "HEAD")) return undefined;
  if (response.header("etag") === undefined && response.header("last-modified") === undefined)
    return undefined;
  return insteadOf200(req, (name) => response.header(name), body);
}

function bytesOf(instead: Instead): number {
  return instead.statusCode === 206 ? instead.range.end + 1 - instead.range.start : 0;
}

function bytesSent({ method }: Request, { statusCode, body }: Response): number {
  if (method === "HEAD" || statusCode === 204 || statusCode === 304 || isStream(body)) return 0;
  return typeof body === "string" ? Buffer.byteLength(body) : (body?.byteLength ?? 0);
}

function writeLine(entry: AccessLogEntry): void {
  // JSON escapes the controls below U+0020 alone; terminals obey some of the others, too.
  const line = JSON.stringify(entry).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  process.stdout.write(`${line}\n`);
}
