// Reading a request's body to its end: counted while it arrives, so that no header can talk us into more.
import { parseContentType } from "../http/content-type.ts";
import { HttpError } from "../http/http-error.ts";
import { parseUrlencoded } from "../http/urlencoded.ts";

/** What an engine hands over as a body. */
export interface BodySource extends AsyncIterable<Uint8Array> {
  /**
   * Reads the whole body, where the engine has a shorter way than chunk by chunk. Rejects with an {@link HttpError}: 413 when
   * there are more than `limit` bytes, 400 when the client cut it off.
   */
  readAll?(limit: number): Promise<Uint8Array>;
}

/** Default limit of a body: 1 MiB. */
export const DEFAULT_BODY_LIMIT: number = 1024 * 1024;

/** Passes a body on, chunk by chunk, until it has passed more than `limit` bytes. */
export async function* limited(source: BodySource, limit: number): AsyncGenerator<Uint8Array, void, void> {
  let count = 0;
  for await (const chunk of source) {
    count += chunk.byteLength;
    if (count > limit) throw bodyTooLarge(limit);
    yield chunk;
  }
}

/** Reads a body whole. */
export async function readAll(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return joined(chunks);
}

/** All chunks as one; a single one is not copied. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

export function bodyTooLarge(limit: number): HttpError {
  return new HttpError(413, `The body is larger than the ${limit} bytes that are accepted here.`);
}

/** Decodes UTF-8, and refuses what is not. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new HttpError(400, "The body is not valid UTF-8.");
  }
}

// Keeps a byte order mark out of the text, as the web platform does.
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Parses JSON. Keys that poison prototypes when objects are merged are refused, whoever sends them means harm. */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpError(
      400,
      text.trim() === "" ? "The body is empty; JSON was expected." : "The body is not valid JSON.",
    );
  }
  if (MAY_POISON.test(text)) assertClean(value);
  return value;
}

/** Whether a text may hold one of the keys, spelled out or with letters in escapes, which nobody has to write so. */
const MAY_POISON = /__proto__|"constructor"|\\u00[4-7]/;

/** Without recursion, and without the reviver of `JSON.parse`, which takes a hundred times as long as parsing. */
function assertClean(value: unknown): void {
  const left = isObject(value) ? [value] : [];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (Array.isArray(next)) {
      for (const item of next) if (isObject(item)) left.push(item);
      continue;
    }
    for (const [key, child] of Object.entries(next)) {
      if (
        key === "__proto__" ||
        (key === "constructor" && isObject(child) && Object.hasOwn(child, "prototype"))
      )
        throw new HttpError(400, `The body holds the key "${key}", which is not accepted.`);
      if (isObject(child)) left.push(child);
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Parses the body of an HTML form, which knows how to encode: what is malformed is refused. */
export function parseForm(text: string, maxFields: number): URLSearchParams {
  if (text.includes("%")) {
    try {
      decodeURIComponent(text);
    } catch {
      throw new HttpError(400, "The form holds a malformed percent-encoding.");
    }
  }
  return parseUrlencoded(text, { maxFields, tooManyStatus: 413 });
}

/** Names of UTF-8, and of what is a part of it. */
const READABLE = ["utf-8", "utf8", "us-ascii"];

/** @throws HttpError 415 for a body of another type than is wanted, or in another charset than UTF-8. */
export function assertBodyType(
  contentType: string | undefined,
  accepts: (type: string) => boolean,
  wanted: string,
): void {
  const { type, charset } = parseContentType(contentType ?? "");
  if (!accepts(type)) throw new HttpError(415, `The body must be ${wanted}.`);
  if (charset !== undefined && !READABLE.includes(charset) && wanted !== "multipart/form-data")
    throw new HttpError(415, "The body must be in UTF-8.");
}
