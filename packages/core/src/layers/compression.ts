// Compresses what is worth it, for clients that can read it.
import { parseEntityTags } from "../http/etag.ts";
import { preferredEncoding } from "../http/accept-encoding.ts";
import type { Layer } from "../app/handler.ts";
import { Header, withMembers } from "../http/header.ts";
import type { Request } from "../message/request.ts";
import { isStream, type Response } from "../message/response.ts";
import { type Checks, checkOptions, isBoolean, isFunction, limitOf, listOf, show } from "../options/check.ts";
import { atOnce } from "../message/thenable.ts";
import { after } from "./after.ts";
import { encodeStream } from "./encode-stream.ts";
import { CODINGS, type Coding, type ContentCoding } from "./encoders.ts";

export interface CompressionOptions {
  /** The codings offered, the first of those that a client likes equally first; `zstd` (where Node has it), `br`, `gzip` unless given. */
  encodings?: readonly ContentCoding[];
  /** Bytes from which on a body is compressed; 1,024 unless given. A stream of unknown length always is. */
  minBytes?: number;
  /** Which media types, in lower case without parameters, are worth it; text, JSON, XML, SVG and the like unless given. */
  types?: (type: string) => boolean;
  /**
   * Compresses responses that set a cookie, too. Off unless given: the length of a compressed page that holds both a
   * secret and what an attacker chose tells the secret (BREACH), and a response that sets a cookie belongs to one user.
   */
  withCookies?: boolean;
}

/** Larger bodies are compressed off the main thread, as a stream; up to here it takes about 0.2 ms at the most. */
const AT_ONCE_BYTES = 32 * 1024;

const OPTIONS: Checks = {
  encodings: listOf("codings", (name, label) => {
    const known = Object.keys(CODINGS);
    if (typeof name !== "string" || !known.includes(name))
      throw new TypeError(`${label} must be one that this Node has, ${known.join(", ")}; got ${show(name)}`);
  }),
  minBytes: limitOf(" of bytes"),
  types: isFunction,
  withCookies: isBoolean,
};

const VARY = Header.constant("Vary", "Accept-Encoding");

/**
 * A layer that compresses responses: those with a media type that is worth it, of a size that is worth it, which nobody
 * has encoded and `Cache-Control: no-transform` does not keep from it. Streams are flushed whenever their source
 * pauses; `text/event-stream` is left alone, since an encoder for each open stream costs more memory than it saves.
 *
 * A strong `ETag` becomes a weak one, because the bytes are not the same any more. Put it outside of layers that set cookies.
 *
 * @throws TypeError for a coding that does not exist, RangeError for a size that is none.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.4
 * @see https://www.breachattack.com
 */
export function compression(options: CompressionOptions = {}): Layer {
  checkOptions("compression", options, OPTIONS);
  const { minBytes = 1024, types = isCompressible, withCookies = false } = options;
  const offers = options.encodings ?? (Object.keys(CODINGS) as ContentCoding[]);
  return (req, _conn, next) =>
    after(next(), (response) => {
      const revalidated = response.statusCode === 304;
      if (!revalidated && !isWorthIt(response, minBytes, types, withCookies)) return response;
      const changed = response.clone();
      // Also on what is sent plain: a cache must not hand it to a client that would get it compressed.
      changed.headers = withMembers(changed.headers, VARY);
      const name = preferredEncoding(req.headerList("accept-encoding"), offers);
      if (name === undefined) return changed;
      if (revalidated) changed.headers = changed.headers.map((header) => asAskedFor(req, header));
      else encode(req, changed, name, CODINGS[name] as Coding);
      return changed;
    });
}

function encode(req: Request, response: Response, name: ContentCoding, coding: Coding): void {
  const { body } = response;
  if (isStream(body)) {
    // The body of an answer to HEAD is thrown away; it need not be encoded for that.
    if (req.method !== "HEAD") response.body = encodeStream(body, coding);
  } else if (body !== undefined && byteLength(body) <= AT_ONCE_BYTES) {
    const encoded = coding.encode(body);
    if (encoded.byteLength >= byteLength(body)) return;
    response.body = encoded;
  } else if (body !== undefined) {
    response.body = encodeStream(once(body), coding);
  }
  response.headers = response.headers
    .filter(({ name: field }) => !/^(?:content-length|accept-ranges)$/i.test(field))
    .map(weakenETag);
  response.headers.push({ name: "Content-Encoding", value: name });
}

function isWorthIt(
  { statusCode, headers, body }: Response,
  minBytes: number,
  types: (type: string) => boolean,
  withCookies: boolean,
): boolean {
  if (body === undefined || statusCode === 204 || statusCode === 206) return false;
  let type = typeof body === "string" ? "text/plain" : "";
  let length = isStream(body) ? Number.POSITIVE_INFINITY : byteLength(body);
  for (const { name, value } of headers) {
    switch (name.toLowerCase()) {
      case "content-type":
        type = (value.split(";", 1)[0] ?? "").trim().toLowerCase();
        break;
      case "content-length":
        if (isStream(body)) length = Number(value);
        break;
      case "set-cookie":
        if (!withCookies) return false;
        break;
      case "cache-control":
        if (/(?:^|[\s,])no-transform(?:[\s,]|$)/i.test(value)) return false;
        break;
      // These speak of the bytes as they are.
      case "content-encoding":
      case "content-range":
      case "content-digest":
      case "repr-digest":
        return false;
      default:
    }
  }
  return length >= minBytes && atOnce(types(type), "compression: types") === true;
}

const COMPRESSIBLE =
  /^text\/(?!event-stream$)|[/+](?:json|xml|javascript|x-ndjson|manifest|wasm)$|^(?:image\/(?:bmp|x-icon|vnd\.microsoft\.icon)|font\/(?:ttf|otf)|application\/(?:jsonl|rtf|vnd\.ms-fontobject|x-www-form-urlencoded))$/;

function isCompressible(type: string): boolean {
  return COMPRESSIBLE.test(type);
}

/** A 304 names the version by the tag that the client has of it: weak when it got it compressed. */
function asAskedFor(req: Request, header: Header): Header {
  const weak = weakenETag(header);
  if (weak === header) return header;
  const asked = parseEntityTags(req.headerList("if-none-match") ?? "");
  const isWeak = Array.isArray(asked) && asked.some((tag) => tag.weak && `"${tag.opaque}"` === header.value);
  return isWeak ? weak : header;
}

function weakenETag(header: Header): Header {
  if (header.name.toLowerCase() !== "etag" || header.value.startsWith("W/")) return header;
  return { name: header.name, value: `W/${header.value}` };
}

function byteLength(body: string | Uint8Array): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
}

async function* once(body: string | Uint8Array): AsyncGenerator<string | Uint8Array, void, void> {
  yield body;
}
