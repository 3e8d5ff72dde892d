// One connection on the fast lane: requests are answered one after the other, until node:http takes over or it ends.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Socket } from "node:net";
import { type Carrier, LaneExchange } from "./exchange.ts";
import { parseRequest } from "./parse-request.ts";

/** Bytes kept that come while an answer is on its way; more wait in the system's buffers. */
const MOST_WAITING = 64 * 1024;

/** What one server gives all its connections. */
export interface LaneOptions {
  /** A head of so many bytes is for node:http. */
  readonly maxHeadBytes: number;
  readonly idleTimeoutMs: number;
  readonly keepAliveMs: number;
  /** Milliseconds that a connection without a request is kept open: what is promised to clients, and a little more. */
  readonly keepAliveTimeoutMs: number;
  readonly answer: (exchange: LaneExchange) => void;
  /** Gives a connection to node:http, with all bytes that were not answered. */
  readonly handOver: (socket: Socket, rest: Buffer) => void;
  readonly onFirstBytes: (connection: LaneConnection) => void;
  readonly onClose: (connection: LaneConnection) => void;
}

/** Kept on the socket, so that all sockets share their listeners. */
const CONNECTION: unique symbol = Symbol("hatcheck.lane");
type Carrying = Socket & { [CONNECTION]?: LaneConnection | undefined };

/** Runs what a later request starts apart from what an earlier one has put into `AsyncLocalStorage`. */
const apart: <Result>(run: () => Result) => Result = AsyncLocalStorage.snapshot();

export class LaneConnection implements Carrier {
  readonly socket: Socket;
  readonly #options: LaneOptions;
  #current: LaneExchange | undefined;
  /** Bytes that came while an answer was on its way. */
  #waiting: Buffer[] = NONE;
  #waitingBytes = 0;
  #isReading = false;
  #isKeptAlive = false;
  #isFresh = true;
  /** Whether nothing more is read: the last answer was sent, or the client closed its side. */
  #isOver = false;

  constructor(socket: Carrying, options: LaneOptions) {
    this.socket = socket;
    this.#options = options;
    socket[CONNECTION] = this;
    socket.on("data", onData).on("end", onEnd).on("timeout", onTimeout).on("close", onClose);
    socket.on("error", onError);
  }

  get keepAliveMs(): number {
    return this.#options.keepAliveMs;
  }

  get isIdle(): boolean {
    return this.#current === undefined;
  }

  /** Takes the connection from the lane: nothing here hears of it any more. */
  leave(): void {
    const socket: Carrying = this.socket;
    this.#isOver = true;
    socket[CONNECTION] = undefined;
    socket.off("data", onData).off("end", onEnd).off("timeout", onTimeout).off("close", onClose);
    socket.off("error", onError);
    this.#options.onClose(this);
  }

  receive(chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#isFresh) {
      this.#isFresh = false;
      this.#options.onFirstBytes(this);
    }
    if (this.#current !== undefined) {
      this.#wait(chunk);
      return;
    }
    const text = chunk.toString("latin1");
    let at = 0;
    this.#isReading = true;
    do {
      const request = parseRequest(chunk, text, at, this.#options.maxHeadBytes);
      if (request === undefined) {
        this.#isReading = false;
        this.#handOver(at === 0 ? chunk : chunk.subarray(at));
        return;
      }
      const { bodyStart, end } = request;
      // A copy, where the memory is shared with requests that come after it.
      const bytes = chunk.subarray(bodyStart, end);
      const body = end === bodyStart ? undefined : end === chunk.length ? bytes : Buffer.from(bytes);
      const exchange = new LaneExchange(this, request, body);
      this.#current = exchange;
      if (at === 0) this.#options.answer(exchange);
      else apart(() => this.#options.answer(exchange));
      at = end;
    } while (this.#current === undefined && at < chunk.length && !this.#isOver);
    this.#isReading = false;
    if (this.#isOver) return;
    if (this.#current !== undefined && at < chunk.length) this.#wait(chunk.subarray(at));
    if (this.#current === undefined) this.#keepAlive();
  }

  /** An answer takes its time: from now on it is watched whether anything moves. */
  hold(): void {
    this.#isKeptAlive = false;
    this.socket.setTimeout(this.#options.idleTimeoutMs);
  }

  release(): void {
    const exchange = this.#current;
    this.#current = undefined;
    exchange?.end(true);
    if (this.#isReading || this.#isOver || this.socket.destroyed) return;
    if (this.#waitingBytes === 0) this.#keepAlive();
    else apart(() => this.#readWaiting());
  }

  /** Nothing more is read; `answer` says why. */
  refuse(answer: () => void): void {
    this.#isOver = true;
    answer();
  }

  /** The client closed its side: like node:http, close ours. */
  endByClient(): void {
    this.#isOver = true;
    this.socket.end();
  }

  closed(): void {
    this.#isOver = true;
    this.#waiting = NONE;
    this.#current?.end(false);
    this.#options.onClose(this);
  }

  #wait(bytes: Buffer): void {
    if (this.#waiting === NONE) this.#waiting = [];
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= MOST_WAITING) this.socket.pause();
  }

  #readWaiting(): void {
    const bytes = this.#waiting.length === 1 ? (this.#waiting[0] as Buffer) : Buffer.concat(this.#waiting);
    this.#waiting = NONE;
    this.#waitingBytes = 0;
    this.receive(bytes);
    if (!this.#isOver && this.socket.isPaused() && this.#waitingBytes < MOST_WAITING) this.socket.resume();
  }

  #handOver(rest: Buffer): void {
    const { idleTimeoutMs } = this.#options;
    // Between requests node:http goes on waiting as long as between requests; what takes time is watched from then on.
    if (!this.#isKeptAlive || idleTimeoutMs === 0) this.socket.setTimeout(idleTimeoutMs);
    this.leave();
    this.#options.handOver(this.socket, rest);
  }

  /** Set once for all requests that are answered at once: with each, the socket's timer starts anew by itself. */
  #keepAlive(): void {
    if (this.#isKeptAlive || this.#options.keepAliveTimeoutMs === 0) return;
    this.#isKeptAlive = true;
    this.socket.setTimeout(this.#options.keepAliveTimeoutMs);
  }
}

const NONE: Buffer[] = [];

function onData(this: Carrying, chunk: Buffer): void {
  this[CONNECTION]?.receive(chunk);
}

function onEnd(this: Carrying): void {
  this[CONNECTION]?.endByClient();
}

function onTimeout(this: Carrying): void {
  this.destroy();
}

function onClose(this: Carrying): void {
  this[CONNECTION]?.closed();
}

/** It is closed next, and that is heard. */
function onError(): void {}
