// The last step before the wire: copies a handler's response, completes and checks it. The response itself, which
// others may share, is never written to.
import { assertHeader, ConstantHeader, isSameName } from "../http/header.ts";
import { conditionalPart } from "./conditional-answer.ts";
import type { Request } from "./request.ts";
import { type Body, cancelBody, isStream, type Response } from "./response.ts";
import { reasonPhraseOf } from "../http/status.ts";

/** What goes onto the wire. */
export interface FinalResponse {
  readonly statusCode: number;
  readonly reasonPhrase: string;
  /** Names and values in turn, validated. */
  readonly headers: string[];
  readonly body: Body;
  /** Bytes of the body; `undefined` for a stream whose length nobody declared. */
  readonly contentLength: number | undefined;
}

/**
 * @throws TypeError for a header that would break the message, RangeError for an impossible status. The body is
 * cancelled then.
 */
export function prepareResponse(req: Request, response: Response): FinalResponse {
  try {
    return complete(req, response);
  } catch (error) {
    cancelBody(response.body);
    throw error;
  }
}

function complete(req: Request, response: Response): FinalResponse {
  let { statusCode, reasonPhrase, body } = response;
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) {
    throw new RangeError(`Response status must be a whole number from 200 to 599, got ${String(statusCode)}`);
  }
  if (reasonPhrase !== reasonPhraseOf(statusCode) && /[^\t\x20-\x7e]/.test(reasonPhrase))
    throw new TypeError("The reason phrase holds a character it may not");

  let headers: string[] = [];
  let declaredLength: string | undefined;
  let typed = false;
  let hasVersion = false;
  for (const header of response.headers) {
    const { name, value } = header;
    if (!(header instanceof ConstantHeader)) assertHeader(name, value);
    switch (name.length) {
      case 4:
        if (isSameName(name, "etag")) hasVersion = true;
        break;
      case 7:
        // Nobody can be told what comes after the body: trailers are not sent.
        if (isSameName(name, "trailer")) continue;
        // An upgrade is offered to this hop alone, and is seen when the connection's field names it. node:http would forget
        // beside it that the client may have asked to close.
        if (isSameName(name, "upgrade")) headers.push("Connection", "close, Upgrade");
        break;
      case 10:
        // How the message is framed is the engine's to say.
        if (isSameName(name, "connection") || isSameName(name, "keep-alive")) continue;
        break;
      case 12:
        if (isSameName(name, "content-type")) typed = true;
        break;
      case 13:
        if (isSameName(name, "last-modified") || isSameName(name, "accept-ranges")) hasVersion = true;
        break;
      case 14:
        if (isSameName(name, "content-length")) {
          declaredLength = value;
          continue;
        }
        break;
      case 17:
        if (isSameName(name, "transfer-encoding")) continue;
        break;
      default:
    }
    headers.push(name, value);
  }

  if (hasVersion && statusCode === 200 && (req.method === "GET" || req.method === "HEAD")) {
    const part = conditionalPart(req, headers, body);
    if (part !== undefined) ({ statusCode, reasonPhrase, headers, body } = part);
  }

  const contentLength = lengthOf(body, declaredLength);
  if (statusCode === 204 || statusCode === 304) {
    cancelBody(body);
    return { statusCode, reasonPhrase, headers, body: undefined, contentLength: undefined };
  }
  if (statusCode === 205) {
    cancelBody(body);
    headers.push("Content-Length", "0");
    return { statusCode, reasonPhrase, headers, body: undefined, contentLength: 0 };
  }
  if (!typed && contentLength !== 0) {
    headers.push(
      "Content-Type",
      typeof response.body === "string" ? "text/plain; charset=utf-8" : "application/octet-stream",
    );
  }
  if (contentLength !== undefined) headers.push("Content-Length", String(contentLength));
  if (req.method === "HEAD") {
    cancelBody(body);
    return { statusCode, reasonPhrase, headers, body: undefined, contentLength };
  }
  return { statusCode, reasonPhrase, headers, body, contentLength };
}

function lengthOf(body: Body, declared: string | undefined): number | undefined {
  if (typeof body === "string") return Buffer.byteLength(body);
  if (body === undefined || body === null) return 0;
  if (body instanceof Uint8Array) return body.byteLength;
  // Types can be talked out of checking.
  if (!isStream(body) || !(body instanceof ReadableStream || Symbol.asyncIterator in body)) {
    throw new TypeError(
      "A response's body is a string, bytes or a stream; use Response.json for other values",
    );
  }
  return declared !== undefined && /^\d+$/.test(declared) ? Number(declared) : undefined;
}
