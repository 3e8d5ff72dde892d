// One request on the fast lane, and the sending of its answer.
import type { Socket } from "node:net";
import { isSameName } from "../../http/header.ts";
import type { FinalResponse } from "../../message/prepared-response.ts";
import type { RequestInit } from "../../message/request-init.ts";
import { cancelBody, isStream, type StreamBody } from "../../message/response.ts";
import type { OnClosing } from "../../message/closing.ts";
import { begin } from "../../message/stream.ts";
import { CLIENT_LEFT, pump } from "../pump.ts";
import { knownPeerOf } from "../sockets.ts";
import { ChunkedWriter } from "./chunked-writer.ts";
import type { ParsedRequest } from "./parse-request.ts";
import { formatHead } from "./response-head.ts";

/** Bodies up to this many bytes are copied behind their head: one write costs less than two. */
const COPIED_BYTES = 16 * 1024;

/** What an exchange needs of the connection that it is on. */
export interface Carrier {
  readonly socket: Socket;
  readonly keepAliveMs: number;
  /** Bytes were written that the system has not taken yet. */
  readonly hold: () => void;
  /** The answer is out. */
  readonly release: () => void;
}

export class LaneExchange implements RequestInit {
  readonly method: string;
  readonly url: string;
  readonly httpVersion = "1.1";
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array | undefined;
  readonly #carrier: Carrier;
  #keepAlive: boolean;
  #statusCode: number | undefined;
  #isWhole: boolean | undefined;
  #listeners: ((isWhole: boolean) => void)[] | undefined;

  constructor(carrier: Carrier, request: ParsedRequest, body: Uint8Array | undefined) {
    this.method = request.method;
    this.url = request.url;
    this.rawHeaders = request.rawHeaders;
    this.body = body;
    this.#carrier = carrier;
    this.#keepAlive = request.keepAlive;
  }

  get socket(): Socket {
    return this.#carrier.socket;
  }

  get onClosing(): OnClosing | undefined {
    return knownPeerOf(this.socket)?.onClosing;
  }

  /** The status that was sent, once it was. */
  get statusCode(): number | undefined {
    return this.#statusCode;
  }

  get isClosed(): boolean {
    return this.#isWhole === false || this.socket.destroyed;
  }

  get signal(): AbortSignal {
    const controller = new AbortController();
    this.whenOver((isWhole) => {
      if (!isWhole) controller.abort(new Error("The client left before it had its answer"));
    });
    return controller.signal;
  }

  /** Tells once whether the answer was sent whole, when it is over. */
  whenOver(tell: (isWhole: boolean) => void): void {
    if (this.#isWhole !== undefined) tell(this.#isWhole);
    else (this.#listeners ??= []).push(tell);
  }

  /** It is over: the answer is out, or the connection is gone. */
  end(isWhole: boolean): void {
    if (this.#isWhole !== undefined) return;
    this.#isWhole = isWhole;
    if (this.#listeners !== undefined) for (const tell of this.#listeners.splice(0)) tell(isWhole);
  }

  /** The answer is not there yet. */
  hold(): void {
    this.#carrier.hold();
  }

  /** Whether no head has been sent, and somebody waits for one. */
  get canBeAnswered(): boolean {
    return this.#statusCode === undefined && this.socket.writable;
  }

  /** Cuts the connection, so that the client sees that its answer is not whole. */
  cut(): void {
    this.socket.destroy();
  }

  /**
   * Sends the answer; `closing` ends the connection with it. There is a promise only of a stream: it rejects with what the
   * stream throws on its way.
   */
  send(final: FinalResponse, closing: boolean): Promise<void> | undefined {
    const { socket } = this;
    const { body } = final;
    // A client that has closed its side gets no answer from node:http either.
    if (!socket.writable) {
      cancelBody(body);
      return undefined;
    }
    if (closing) final.headers.push("Connection", "close");
    if (isStream(body)) return this.#sendStream(final, body);
    writeMessage(socket, this.#headOf(final, false), body);
    this.#finish();
    return undefined;
  }

  #headOf(final: FinalResponse, chunked: boolean): string {
    this.#statusCode = final.statusCode;
    const says = saysConnection(final.headers);
    if (says) this.#keepAlive = false;
    const connection = says ? "said" : this.#keepAlive ? "keep-alive" : "close";
    return formatHead(final, { chunked, connection, keepAliveMs: this.#carrier.keepAliveMs });
  }

  async #sendStream(final: FinalResponse, body: StreamBody): Promise<void> {
    const { socket } = this;
    const { contentLength } = final;
    const chunks = await begin(body);
    if (!socket.writable) {
      chunks.cancel();
      return;
    }
    const chunked = contentLength === undefined ? new ChunkedWriter(socket) : undefined;
    // The head goes out before the first chunk: a client of an event stream waits for it.
    socket.write(this.#headOf(final, chunked !== undefined), "latin1");
    try {
      await pump(chunked ?? socket, chunks, contentLength);
    } catch (error) {
      if (error === CLIENT_LEFT) return;
      throw error;
    }
    chunked?.end();
    this.#finish();
  }

  #finish(): void {
    const { socket } = this;
    if (!this.#keepAlive) {
      this.#carrier.hold();
      socket.end(() => {
        this.end(!socket.destroyed);
        socket.destroy();
      });
    } else if (socket.writableLength > 0) {
      this.#carrier.hold();
      // Behind all that was written.
      socket.write("", (error) => {
        if (!error) this.#carrier.release();
      });
    } else {
      this.#carrier.release();
    }
  }
}

/** Whether the answer says itself what becomes of the connection: it is closed then. */
function saysConnection(headers: readonly string[]): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length === 10 && isSameName(name, "connection")) return true;
  }
  return false;
}

/** One write where that is possible. node:http writes a head in UTF-8 together with text, and in latin1 with all else. */
function writeMessage(socket: Socket, head: string, body: string | Uint8Array | undefined): void {
  if (body === undefined || body.length === 0) socket.write(head, "latin1");
  else if (typeof body === "string") socket.write(head + body, "utf8");
  else if (body.byteLength <= COPIED_BYTES) {
    const message = Buffer.allocUnsafe(head.length + body.byteLength);
    message.write(head, 0, "latin1");
    message.set(body, head.length);
    socket.write(message);
  } else {
    socket.cork();
    socket.write(head, "latin1");
    socket.write(body);
    socket.uncork();
  }
}
