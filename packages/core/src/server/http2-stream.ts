// One request over HTTP/2: a stream becomes a Request, and what is to be sent goes back into it.
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { BodySource } from "../message/body.ts";
import { HttpError } from "../http/http-error.ts";
import type { FinalResponse } from "../message/prepared-response.ts";
import type { Peer } from "../message/connection.ts";
import type { RequestInit } from "../message/request-init.ts";
import { cancelBody, isStream, type StreamBody } from "../message/response.ts";
import type { OnClosing } from "../message/closing.ts";
import { begin, type Chunks, chunksOf } from "../message/stream.ts";
import { DRAIN_BYTES, DRAIN_MS } from "./drain.ts";
import { CLIENT_LEFT, pump } from "./pump.ts";

/** What a field costs beside its name and its value. @see https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2 */
const FIELD_OVERHEAD = 4;

/** Bytes that node:http2 is given at once: it keeps counting what was not sent when a client resets a stream. */
const PIECE_BYTES = 64 * 1024;

/** A request as node:http2 has it. */
export class Http2Request implements RequestInit {
  readonly method: string;
  readonly url: string;
  readonly httpVersion = "2.0";
  readonly rawHeaders: readonly string[];
  readonly stream: ServerHttp2Stream;
  readonly peer: Peer;
  /** Bytes of the head, counted as HTTP/1.1 writes it. */
  readonly headBytes: number;
  #expectsContinue = false;

  /** @param rawHeaders names and values in turn, the pseudo-header fields among them */
  constructor(stream: ServerHttp2Stream, rawHeaders: readonly string[], peer: Peer) {
    let method = "";
    let path: string | undefined;
    let authority: string | undefined;
    const cookies: string[] = [];
    const fields: string[] = [];
    let headBytes = 0;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] ?? "";
      const value = rawHeaders[index + 1] ?? "";
      headBytes += name.length + value.length + FIELD_OVERHEAD;
      if (name === ":method") method = value;
      else if (name === ":path") path = value;
      else if (name === ":authority") authority = value;
      // Clients may send each cookie in a field of its own, for the sake of compression.
      else if (name === "cookie") cookies.push(value);
      // A `Host` that says the same is left out; one that says something else is a second host, which no request may have.
      else if (!name.startsWith(":") && !(name === "host" && value === authority)) fields.push(name, value);
      if (name === "expect" && value.toLowerCase() === "100-continue") this.#expectsContinue = true;
    }
    if (cookies.length > 0) fields.push("cookie", cookies.join("; "));
    if (authority !== undefined) fields.unshift("host", authority);
    this.method = method;
    // CONNECT has no path; what it asks for is no target that an origin server knows.
    this.url = path ?? authority ?? "";
    this.rawHeaders = fields;
    this.headBytes = headBytes;
    this.stream = stream;
    this.peer = peer;
  }

  get body(): BodySource {
    const { stream } = this;
    if (this.#expectsContinue) {
      this.#expectsContinue = false;
      if (!stream.headersSent && !stream.closed) stream.additionalHeaders({ ":status": 100 });
    }
    return bodyOf(stream);
  }

  get onClosing(): OnClosing | undefined {
    return this.peer.onClosing;
  }

  get isClosed(): boolean {
    return this.stream.destroyed;
  }

  get signal(): AbortSignal {
    const controller = new AbortController();
    whenStreamOver(this.stream, (isWhole) => {
      if (!isWhole) controller.abort(new Error("The client left before it had its answer"));
    });
    return controller.signal;
  }
}

/** Tells once whether an answer was sent whole, when it is over. */
export function whenStreamOver(stream: ServerHttp2Stream, tell: (isWhole: boolean) => void): void {
  const isWhole = (): boolean => stream.writableFinished && !stream.aborted && !stream.rstCode;
  if (stream.destroyed) tell(isWhole());
  else stream.once("close", () => tell(isWhole()));
}

async function* bodyOf(stream: ServerHttp2Stream): AsyncGenerator<Uint8Array, void, void> {
  try {
    // To stop reading must not cut the stream: the answer is still to be sent.
    yield* stream.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw new HttpError(400, "The body was cut off.", { cause });
  }
  // A client that resets its stream ends the body without an error.
  if (stream.aborted) throw new HttpError(400, "The body was cut off.");
}

/** Sends what is to be sent. There is a promise only of a stream: it rejects with what the stream throws on its way. */
export function sendOverStream(stream: ServerHttp2Stream, final: FinalResponse): Promise<void> | undefined {
  const { body, contentLength } = final;
  if (stream.destroyed || stream.closed) {
    cancelBody(body);
    return undefined;
  }
  // Nobody waits for long for the rest of a body that nobody wants.
  if (!stream.endAfterHeaders) stream.once("finish", () => letGoOfBody(stream));
  const headers = headersOf(final);
  if (isStream(body)) return sendStream(stream, headers, body, contentLength);
  const isEmpty = body === undefined || body.length === 0;
  stream.respond(headers, { endStream: isEmpty });
  if (isEmpty) return undefined;
  if (contentLength !== undefined && contentLength > PIECE_BYTES)
    return sendBody(stream, chunksOf(inPieces(body)), contentLength);
  stream.end(body);
  return undefined;
}

async function* inPieces(body: string | Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  for (let start = 0; start < bytes.byteLength; start += PIECE_BYTES)
    yield bytes.subarray(start, start + PIECE_BYTES);
}

/**
 * Reads what is left of a body that nobody wants and throws it away, within a bound, once the answer is out; then resets the
 * stream. Clients that see the reset together with the answer lose the answer: Node's does.
 */
export function letGoOfBody(stream: ServerHttp2Stream): void {
  if (stream.closed || stream.readableEnded) return;
  let count = 0;
  const reset = (): void => {
    clearTimeout(timer);
    if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
  };
  const timer = setTimeout(reset, DRAIN_MS);
  const stop = (): void => clearTimeout(timer);
  stream
    .once("end", stop)
    .once("close", stop)
    .on("data", (chunk: Uint8Array) => {
      count += chunk.byteLength;
      if (count > DRAIN_BYTES) reset();
    });
}

async function sendStream(
  stream: ServerHttp2Stream,
  headers: OutgoingHttpHeaders,
  body: StreamBody,
  contentLength: number | undefined,
): Promise<void> {
  const chunks = await begin(body);
  if (stream.destroyed || stream.closed) {
    chunks.cancel();
    return;
  }
  stream.respond(headers);
  await sendBody(stream, chunks, contentLength);
}

async function sendBody(
  stream: ServerHttp2Stream,
  chunks: Chunks,
  contentLength: number | undefined,
): Promise<void> {
  try {
    await pump(stream, chunks, contentLength);
  } catch (error) {
    if (error === CLIENT_LEFT) return;
    throw error;
  }
  stream.end();
}

/** What speaks of a connection has no place in HTTP/2. @see https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2 */
const OF_CONNECTION = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "te",
  "http2-settings",
];

function headersOf({ statusCode, headers }: FinalResponse): OutgoingHttpHeaders {
  const fields: Record<string, number | string | string[]> = Object.create(null);
  fields[":status"] = statusCode;
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] ?? "").toLowerCase();
    const value = headers[index + 1] ?? "";
    const earlier = fields[name];
    if (name === "set-cookie") {
      if (Array.isArray(earlier)) earlier.push(value);
      else fields[name] = [value];
    } else if (earlier !== undefined) fields[name] = `${String(earlier)}, ${value}`;
    else if (!OF_CONNECTION.includes(name)) fields[name] = value;
  }
  return fields;
}
