// The grammar of the fast lane: what it takes, it takes whole and as node:http would; all else it declines.
//
// It may be narrower than HTTP, and never wider than node:http. What node:http reads in some other way is not in it: other
// versions and forms of target, `Transfer-Encoding`, `Expect`, `Upgrade`, `Connection` with other options, fields that come
// twice where one is meant, folded lines, a bare CR or LF, a body that is not here yet. See RFC 9112.
import { isSameName } from "../../http/header.ts";

/** A request that is here whole. Positions are those of the text that it was read from. */
export interface ParsedRequest {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: string[];
  /** Whether the client did not ask for the connection to be closed. */
  readonly keepAlive: boolean;
  readonly bodyStart: number;
  /** Where the next request begins. */
  readonly end: number;
}

/** Requests with more fields are left to node:http, which has limits of its own for them. */
const MOST_FIELDS = 100;
/** No body that is here with its head has a longer length. */
const LENGTH = /^\d{1,8}$/;

const METHODS = ["GET ", "POST ", "PUT ", "HEAD ", "PATCH ", "DELETE ", "OPTIONS "];
const VERSION = " HTTP/1.1\r\n";
const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const DEL = 127;
const SLASH = 47;
const COLON = 58;

/** The characters of a class, each at the place of its code. */
function charactersOf(expression: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => Number(expression.test(String.fromCharCode(code))));
}

const NAME = charactersOf(/[!#$%&'*+\-.^_`|~\dA-Za-z]/);
/** Those of RFC 3986, and `[` and `]`, which browsers leave as they are. */
const TARGET = charactersOf(/[\w\-.~:/?@!$&'()*+,;=%[\]]/);

/**
 * Reads the request that begins at a place; `undefined` for anything that is not for the fast lane.
 *
 * @param text the same bytes in latin1: bytes are faster to look at one by one, and a string to cut values from
 * @param maxHeadBytes a head of so many bytes is too long
 */
export function parseRequest(
  bytes: Uint8Array,
  text: string,
  start: number,
  maxHeadBytes: number,
): ParsedRequest | undefined {
  const method = methodAt(text, start);
  if (method === undefined) return undefined;
  const urlStart = start + method.length + 1;
  if (bytes[urlStart] !== SLASH) return undefined;
  const urlEnd = skip(TARGET, bytes, urlStart);
  if (!text.startsWith(VERSION, urlEnd)) return undefined;

  const rawHeaders: string[] = [];
  let hosts = 0;
  let length: string | undefined;
  let connection: string | undefined;
  let at = urlEnd + VERSION.length;
  for (;;) {
    const nameEnd = skip(NAME, bytes, at);
    if (nameEnd === at) break;
    if (bytes[nameEnd] !== COLON || rawHeaders.length === 2 * MOST_FIELDS) return undefined;
    let valueStart = nameEnd + 1;
    while (isBlank(bytes[valueStart])) valueStart += 1;
    const lineEnd = skipValue(bytes, valueStart);
    if (!isLineEnd(bytes, lineEnd)) return undefined;
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd -= 1;
    const name = text.slice(at, nameEnd);
    const value = text.slice(valueStart, valueEnd);
    switch (name.length) {
      case 4:
        if (isSameName(name, "host")) hosts += 1;
        break;
      case 6:
        if (isSameName(name, "expect")) return undefined;
        break;
      case 7:
        if (isSameName(name, "upgrade")) return undefined;
        break;
      case 10:
        if (isSameName(name, "connection")) {
          if (connection !== undefined || !isPlain(bytes, nameEnd, valueStart, valueEnd, lineEnd))
            return undefined;
          connection = value;
        }
        break;
      case 14:
        if (isSameName(name, "content-length")) {
          if (length !== undefined || !LENGTH.test(value)) return undefined;
          if (!isPlain(bytes, nameEnd, valueStart, valueEnd, lineEnd)) return undefined;
          length = value;
        }
        break;
      case 16:
        // The parser of node:http takes it for `Connection`.
        if (isSameName(name, "proxy-connection")) return undefined;
        break;
      case 17:
        if (isSameName(name, "transfer-encoding")) return undefined;
        break;
      default:
    }
    rawHeaders.push(name, value);
    at = lineEnd + 2;
  }
  if (hosts !== 1 || !isLineEnd(bytes, at)) return undefined;
  const bodyStart = at + 2;
  if (bodyStart - start >= maxHeadBytes) return undefined;
  let keepAlive = true;
  if (connection !== undefined && !isSameName(connection, "keep-alive")) {
    if (!isSameName(connection, "close")) return undefined;
    keepAlive = false;
  }
  const end = bodyStart + (length === undefined ? 0 : Number(length));
  // What follows a request that closes its connection is for node:http to judge.
  if (end > bytes.length || (!keepAlive && end < bytes.length)) return undefined;
  return { method, url: text.slice(urlStart, urlEnd), rawHeaders, keepAlive, bodyStart, end };
}

function methodAt(text: string, at: number): string | undefined {
  for (const method of METHODS) if (text.startsWith(method, at)) return method.slice(0, -1);
  return undefined;
}

/** The first place from here whose byte is not of the class. */
function skip(characters: Uint8Array, bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && characters[bytes[at] as number] === 1) at += 1;
  return at;
}

/** The first place from here whose byte no value may hold: a control other than HTAB. */
function skipValue(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at] as number;
    if ((byte < SPACE && byte !== TAB) || byte === DEL) break;
    at += 1;
  }
  return at;
}

/** Whether a value stands behind one space or none, and before none: versions of node:http differ on tabs there. */
function isPlain(
  bytes: Uint8Array,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
  lineEnd: number,
): boolean {
  const blanks = valueStart - nameEnd - 1;
  return valueEnd === lineEnd && (blanks === 0 || (blanks === 1 && bytes[nameEnd + 1] === SPACE));
}

function isLineEnd(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === CR && bytes[at + 1] === LF;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}
