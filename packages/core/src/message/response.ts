// What a handler returns: a plain, mutable value that knows nothing of sockets.
import type { Readable } from "node:stream";
import { contentDisposition } from "../http/content-disposition.ts";
import { HttpError } from "../http/http-error.ts";
import { mediaTypeOf } from "../http/media-type.ts";
import { openFile } from "./open-file.ts";
import type { Request } from "./request.ts";
import { sendFile } from "./send-file.ts";
import type { Html } from "./html.ts";
import { findHeader, Header, isSameName } from "../http/header.ts";
import { reasonPhraseOf, STATUS_CODE_REASON_PHRASE, type Status } from "../http/status.ts";

/** What a stream may yield. */
export type Chunk = string | Uint8Array;

/** A body whose length is not known beforehand. */
export type StreamBody = AsyncIterable<Chunk> | ReadableStream<Chunk> | ReadableStream<Uint8Array> | Readable;

/** What a response may carry; `undefined` and `""` are no body. */
export type Body = string | Uint8Array | StreamBody | undefined;

// Shared by every response of a kind.
const TEXT: Header = Header.constant("Content-Type", "text/plain; charset=utf-8");
const HTML: Header = Header.constant("Content-Type", "text/html; charset=utf-8");
const NO_SNIFF: Header = Header.constant("X-Content-Type-Options", "nosniff");
const JSON_TYPE: Header = Header.constant("Content-Type", "application/json");

export interface FileOptions {
  /** Has browsers save it instead of showing it: under this name, or with `true` its own. Off unless given. */
  attachment?: boolean | string;
  /** That of the name's extension unless given. */
  contentType?: string;
  /** `no-cache` unless given: kept, and asked for again each time, which costs a 304. */
  cacheControl?: string;
}

/**
 * A response. `new Response()` is 501 Not Implemented until a handler says otherwise.
 *
 * Statuses are a number or an entry of {@link STATUS_CODE_REASON_PHRASE}. What is sent is a copy, completed by the
 * framework (`Content-Length` and the like), so one response may safely be shared by many requests.
 */
export class Response {
  statusCode: number;
  reasonPhrase: string;
  headers: Header[];
  body: Body;

  constructor(
    status: number | Status = STATUS_CODE_REASON_PHRASE.n501_not_implemented,
    headers: Header[] = [],
    body: Body = undefined,
  ) {
    if (typeof status === "number") {
      this.statusCode = status;
      this.reasonPhrase = reasonPhraseOf(status);
    } else {
      this.statusCode = status.statusCode;
      this.reasonPhrase = status.reasonPhrase;
    }
    this.headers = headers;
    this.body = body;
    if (typeof body === "object") watchErrors(body);
  }

  /** Plain text in UTF-8. */
  static text(status: number | Status, text: string): Response {
    return new Response(status, [TEXT], text);
  }

  /** HTML in UTF-8. A string is sent as it is: write pages with the `html` tag, which escapes what comes from users. */
  static html(status: number | Status, html: string | Html): Response {
    return new Response(status, [HTML], typeof html === "string" ? html : html.toString());
  }

  /**
   * A value as JSON.
   *
   * @throws TypeError when the value has no JSON (undefined, a function, a cycle, a bigint).
   */
  static json(status: number | Status, value: unknown): Response {
    if (value instanceof Promise) throw new TypeError("Response.json: a promise has no JSON; await it first");
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`Response.json: ${typeof value} has no JSON; return a value`);
    return new Response(status, [JSON_TYPE], text);
  }

  /** Bytes, by default of no particular type. */
  static bytes(
    status: number | Status,
    bytes: Uint8Array,
    contentType = "application/octet-stream",
  ): Response {
    return new Response(status, [new Header("Content-Type", contentType)], bytes);
  }

  /** No body. */
  static empty(status: number | Status): Response {
    return new Response(status);
  }

  /**
   * Sends the client elsewhere. The location may be relative; characters that a URL cannot hold are encoded.
   * Never pass what a client sent without checking it: that is an open redirect.
   *
   * @throws RangeError when the status is not 201 or 300 to 308.
   * @throws TypeError when the location holds a line break or another control character.
   */
  static redirect(status: number | Status, location: string): Response {
    const response = new Response(status);
    if (response.statusCode !== 201 && (response.statusCode < 300 || response.statusCode > 308)) {
      throw new RangeError(
        `Response.redirect: ${response.statusCode} does not redirect; use 303, 302, 307, 301 or 308`,
      );
    }
    response.headers.push(locationOf(location));
    return response;
  }

  /** A body that is produced while it is sent. Its source is cancelled when the client leaves. */
  static stream(
    status: number | Status,
    body: StreamBody,
    contentType = "application/octet-stream",
  ): Response {
    return new Response(status, [new Header("Content-Type", contentType)], body);
  }

  /**
   * One file of this machine, with its version and the parts that are asked for, as `staticFiles` sends it. Never make the
   * path of what a client sent: for that there is `staticFiles`, which stays inside its folder.
   *
   * @throws HttpError 404 when there is no such file, 412 and 416 as conditions and ranges say.
   */
  static async file(req: Request, path: string, options: FileOptions = {}): Promise<Response> {
    const file = await openFile(path);
    if (file === undefined) throw new HttpError(404, "Nothing is found at this address.");
    const { attachment = false, contentType = mediaTypeOf(path), cacheControl = "no-cache" } = options;
    const fields = [
      { name: "Content-Type", value: contentType },
      { name: "Cache-Control", value: cacheControl },
      NO_SNIFF,
    ];
    if (attachment !== false) fields.push(dispositionOf(attachment === true ? path : attachment));
    const { status, headers, body } = await sendFile(req, file, fields, undefined);
    return new Response(status, headers, body);
  }

  /**
   * A download: browsers save it, under this name, instead of showing it. The type is that of the name's extension. For
   * other responses there is {@link contentDisposition}.
   */
  static attachment(status: number | Status, body: Body, fileName: string): Response {
    const type = { name: "Content-Type", value: mediaTypeOf(fileName) };
    return new Response(status, [type, dispositionOf(fileName), NO_SNIFF], body);
  }

  /** The value of the first field of this name. */
  header(name: string): string | undefined {
    return findHeader(this.headers, name);
  }

  /** Adds a field, beside those of the same name that are there. */
  appendHeader(name: string, value: string): this {
    this.headers.push(new Header(name, value));
    return this;
  }

  /** Sets a field, in place of those of the same name. */
  setHeader(name: string, value: string): this {
    this.headers = this.headers.filter((header) => !isSameName(header.name, name));
    return this.appendHeader(name, value);
  }

  /** A copy with its own list of headers: what a layer changes, so that a response which others share stays as it is. */
  clone(): Response {
    return new Response(this, this.headers.slice(), this.body);
  }
}

function dispositionOf(fileName: string): Header {
  return { name: "Content-Disposition", value: contentDisposition("attachment", fileName) };
}

/** Percent-encodes what is outside of visible ASCII, and nothing that is encoded already. */
function locationOf(location: string): Header {
  // It is checked when it is sent, as all fields are.
  if (/^[\x21-\x7e]*$/.test(location)) return { name: "Location", value: location };
  const encoded = location.replace(/[^\x00-\x1f\x21-\x7e\x7f]+/gu, (piece) =>
    encodeURIComponent(piece.toWellFormed()),
  );
  return new Header("Location", encoded);
}

/** Whether a body is produced while it is sent. */
export function isStream(body: Body): body is StreamBody {
  return typeof body === "object" && body !== null && !(body instanceof Uint8Array);
}

/**
 * Listens for a Node stream's errors. Until somebody reads it, which may be long after a layer has begun to wait, an error
 * would otherwise end the process. Who reads it later is told of the error all the same.
 */
export function watchErrors(body: Body): void {
  if (typeof body !== "object" || body === null || !("listenerCount" in body)) return;
  if (body.listenerCount("error", ignore) === 0) body.on("error", ignore);
}

/** Tells a stream that nobody will read it, so that its source can let go of what it holds. Never throws. */
export function cancelBody(body: Body): void {
  if (!isStream(body)) return;
  if (body instanceof ReadableStream) {
    if (!body.locked) body.cancel().catch(ignore);
  } else if ("destroy" in body && typeof body.destroy === "function") {
    watchErrors(body);
    destroy(body);
  } else {
    // An async generator that was never started runs none of its code, not even `finally`; others get their `return`.
    returnOf(body).catch(ignore);
  }
}

/** What looks like a stream may be anything. */
function destroy(body: Readable): void {
  try {
    body.destroy();
  } catch {
    // There is nobody to tell.
  }
}

async function returnOf(body: AsyncIterable<unknown>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}

function ignore(): void {}
