// The one file that adapts node:http: an IncomingMessage becomes a Request, what is to be sent goes into a
// ServerResponse, and every way in which that can fail ends here.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { BodySource } from "../message/body.ts";
import type { FinalResponse } from "../message/prepared-response.ts";
import type { RequestInit } from "../message/request-init.ts";
import { cancelBody, isStream, type StreamBody } from "../message/response.ts";
import { begin } from "../message/stream.ts";
import { NodeBody } from "./node-body.ts";
import type { OnClosing } from "../message/closing.ts";
import { DRAIN_BYTES, DRAIN_MS } from "./drain.ts";
import { CLIENT_LEFT, pump } from "./pump.ts";
import { knownPeerOf } from "./sockets.ts";

/** A request as node:http has it. What costs something is made when it is asked for. */
export class NodeRequest implements RequestInit {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  #expectsContinue: boolean;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, expectsContinue: boolean) {
    this.method = incoming.method ?? "GET";
    this.url = incoming.url ?? "/";
    this.httpVersion = incoming.httpVersion;
    this.rawHeaders = incoming.rawHeaders;
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.#expectsContinue = expectsContinue;
  }

  get body(): BodySource {
    // A client that waits for leave to send its body gets it once somebody wants to read it.
    if (this.#expectsContinue) {
      this.#expectsContinue = false;
      this.outgoing.writeContinue();
    }
    return new NodeBody(this.incoming);
  }

  /** Whether the client still waits for leave to send its body. */
  get expectsContinue(): boolean {
    return this.#expectsContinue;
  }

  get onClosing(): OnClosing | undefined {
    return knownPeerOf(this.incoming.socket)?.onClosing;
  }

  get isClosed(): boolean {
    return this.outgoing.destroyed;
  }

  get signal(): AbortSignal {
    const controller = new AbortController();
    whenOver(this, (isWhole) => {
      if (!isWhole) controller.abort(new Error("The client left before it had its answer"));
    });
    return controller.signal;
  }
}

/** Tells once whether an answer was sent whole, when it is over. */
export function whenOver(
  { incoming: { socket }, outgoing }: NodeRequest,
  tell: (isWhole: boolean) => void,
): void {
  if (outgoing.destroyed) {
    tell(outgoing.writableFinished);
    return;
  }
  let isCut = false;
  // Node 22 says of an answer whose connection was cut that it has finished.
  outgoing.once("finish", () => (isCut = socket.destroyed));
  outgoing.once("close", () => tell(outgoing.writableFinished && !isCut));
}

/**
 * Tells node:http that nobody will read a body of no bytes. It would otherwise run a stream to its end for each, which
 * costs a tenth of a small request. The body can be read all the same.
 */
export function skipEmptyBody(incoming: IncomingMessage): void {
  const { headers } = incoming;
  const length = headers["content-length"];
  if (length === undefined ? headers["transfer-encoding"] === undefined : length === "0") incoming.read(0);
}

/**
 * Sends what is to be sent; `closing` ends the connection with it. There is a promise only of a stream: it rejects with
 * what the stream throws on its way.
 */
export function send(raw: NodeRequest, final: FinalResponse, closing: boolean): Promise<void> | undefined {
  const { method, incoming, outgoing } = raw;
  const { statusCode, reasonPhrase, headers, body } = final;
  if (outgoing.destroyed) {
    cancelBody(body);
    return undefined;
  }
  const unread = method !== "GET" && method !== "HEAD" && hasUnreadBody(incoming, statusCode);
  // A client that was not told to send its body leaves us guessing what its next bytes are.
  if (closing || unread || raw.expectsContinue) headers.push("Connection", "close");
  if (isStream(body)) return sendStream(raw, final, body, unread);
  outgoing.writeHead(statusCode, reasonPhrase, headers);
  if (unread) {
    if (body !== undefined && body.length > 0) outgoing.write(body);
    else outgoing.flushHeaders();
    endAfterDraining(unread, incoming, outgoing);
  } else {
    outgoing.end(body);
  }
  return undefined;
}

async function sendStream(
  { incoming, outgoing }: NodeRequest,
  { statusCode, reasonPhrase, headers, contentLength }: FinalResponse,
  body: StreamBody,
  unread: boolean,
): Promise<void> {
  const chunks = await begin(body);
  if (outgoing.destroyed) {
    chunks.cancel();
    return;
  }
  outgoing.writeHead(statusCode, reasonPhrase, headers);
  // The head goes out before the first chunk: a client of an event stream waits for it.
  outgoing.flushHeaders();
  try {
    await pump(outgoing, chunks, contentLength);
  } catch (error) {
    if (error === CLIENT_LEFT) return;
    throw error;
  }
  endAfterDraining(unread, incoming, outgoing);
}

/** Cuts an answer off, so that its client sees that it is not whole. */
export function cutOff(
  { incoming: { socket }, outgoing }: NodeRequest,
  { contentLength }: FinalResponse,
): void {
  // HTTP/1.0 has no chunks: the end of the connection would be taken for that of the body.
  const endsWithConnection = outgoing.headersSent && !outgoing.chunkedEncoding && contentLength === undefined;
  // A client that gets the last bytes and the reset at the same time may not tell it from an end: Node 22 does not.
  if (endsWithConnection) setImmediate(() => reset(socket));
  else outgoing.destroy();
}

function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    // Only TCP has resets.
    socket.destroy();
  }
}

/** Whether there is more to come of a request's body than what node:http may throw away by itself. */
function hasUnreadBody({ complete, headers }: IncomingMessage, statusCode: number): boolean {
  if (complete) return false;
  const length = headers["content-length"];
  if (length !== undefined) return statusCode === 413 || Number(length) > 64 * 1024;
  return headers["transfer-encoding"] !== undefined;
}

/**
 * Closing a connection while the client still sends makes its kernel drop our answer, so the rest is read first,
 * within a bound.
 */
function endAfterDraining(unread: boolean, incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (!unread || incoming.complete || incoming.destroyed) {
    outgoing.end();
    return;
  }
  let count = 0;
  const end = () => {
    clearTimeout(timer);
    incoming.off("data", discard);
    outgoing.end();
  };
  const timer = setTimeout(end, DRAIN_MS);
  const discard = (chunk: Uint8Array) => {
    count += chunk.byteLength;
    if (count > DRAIN_BYTES) end();
  };
  incoming.on("data", discard).once("end", end).once("close", end).once("error", end).resume();
}
