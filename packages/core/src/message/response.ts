// What a handler returns: a plain, mutable value that knows nothing of sockets.
import type { Readable } from "node:stream";
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
const JSON_TYPE: Header = Header.constant("Content-Type", "application/json");

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
