// Reads what HTML forms and queries are written in, in linear time and with a cap: V8's own way of building
// URLSearchParams from a text takes seconds for a megabyte of names without values.
import { HttpError } from "./http-error.ts";

/** Default of the most fields that a form or a query may have. */
export const DEFAULT_MAX_FIELDS = 1000;

export interface UrlencodedLimits {
  readonly maxFields: number;
  /** Status of the answer when there are more: 413 for a body, 414 for a query. */
  readonly tooManyStatus: 413 | 414;
}

/**
 * Parses `application/x-www-form-urlencoded`. What is no percent-encoding stays as it is, and what is no UTF-8 becomes
 * U+FFFD, as browsers have it.
 *
 * @throws HttpError 413 or 414 for more fields than there may be, before any is decoded.
 * @see https://url.spec.whatwg.org/#concept-urlencoded-parser
 */
export function parseUrlencoded(
  text: string,
  { maxFields, tooManyStatus }: UrlencodedLimits,
): URLSearchParams {
  const pairs: [string, string][] = [];
  for (let start = 0; start < text.length;) {
    let end = text.indexOf("&", start);
    if (end === -1) end = text.length;
    if (end > start) {
      if (pairs.length === maxFields) throw tooManyFields(maxFields, tooManyStatus);
      pairs.push(pairOf(text.slice(start, end)));
    }
    start = end + 1;
  }
  return new URLSearchParams(pairs);
}

function tooManyFields(maxFields: number, status: 413 | 414): HttpError {
  const what = status === 413 ? "form" : "query";
  return new HttpError(status, `The ${what} has more than the ${maxFields} fields that are accepted here.`);
}

function pairOf(field: string): [string, string] {
  const equals = field.indexOf("=");
  return equals === -1
    ? [decode(field), ""]
    : [decode(field.slice(0, equals)), decode(field.slice(equals + 1))];
}

function decode(encoded: string): string {
  const text = encoded.includes("+") ? encoded.split("+").join(" ") : encoded;
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return decodeLossy(text);
  }
}

const PERCENT = 37;
const LOSSY = new TextDecoder("utf-8", { ignoreBOM: true });

function decodeLossy(text: string): string {
  const bytes = Buffer.from(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    let byte = bytes[at] as number;
    if (byte === PERCENT) {
      const high = hexDigit(bytes[at + 1]);
      const low = hexDigit(bytes[at + 2]);
      if (high !== -1 && low !== -1) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    bytes[length] = byte;
    length += 1;
  }
  return LOSSY.decode(bytes.subarray(0, length));
}

function hexDigit(code = 0): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
