// Writes a stream onto the wire, whatever the engine.
import type { Chunks } from "../message/stream.ts";

/** What {@link pump} rejects with when the client has left. */
export const CLIENT_LEFT: unique symbol = Symbol("The client left");

/** What a body is written to. `write` says whether to go on at once; if not, `drain` says when. */
export interface Sink {
  readonly destroyed: boolean;
  write(chunk: Uint8Array, flushed: () => void): boolean;
  once(event: "close" | "drain", listener: () => void): unknown;
  off(event: "close" | "drain", listener: () => void): unknown;
}

/**
 * Writes a stream as fast as the client reads it. Rejects, with the source let go, when either side fails. What the source
 * gave before it failed has been handed to the system then.
 */
export async function pump(outgoing: Sink, chunks: Chunks, contentLength: number | undefined): Promise<void> {
  const { orGone, stop } = untilClosed(outgoing);
  let count = 0;
  let unflushed = 0;
  let onFlushed = ignore;
  const flushed = (): void => {
    unflushed -= 1;
    if (unflushed === 0) onFlushed();
  };
  try {
    for (;;) {
      const { done, value } = await orGone(chunks.next());
      if (done) break;
      count += value.byteLength;
      if (contentLength !== undefined && count > contentLength)
        throw new Error("The body is longer than its Content-Length");
      unflushed += 1;
      if (!outgoing.write(value, flushed)) await orGone(drained(outgoing));
    }
    if (contentLength !== undefined && count < contentLength)
      throw new Error("The body is shorter than its Content-Length");
  } catch (error) {
    chunks.cancel();
    if (error !== CLIENT_LEFT && unflushed > 0)
      await orGone(new Promise<void>((resolve) => (onFlushed = resolve)));
    throw error;
  } finally {
    stop();
  }
}

/**
 * Waits for a promise, or rejects as soon as the client leaves. `Promise.race` against one promise that outlives all
 * others would keep every chunk in memory until the stream ends.
 */
function untilClosed(outgoing: Sink): {
  orGone: <Value>(promise: Promise<Value>) => Promise<Value>;
  stop: () => void;
} {
  let leave: (reason: unknown) => void = ignore;
  const onClose = (): void => leave(CLIENT_LEFT);
  outgoing.once("close", onClose);
  return {
    orGone: (promise) =>
      new Promise((resolve, reject) => {
        leave = reject;
        if (outgoing.destroyed) reject(CLIENT_LEFT);
        promise.then(resolve, reject);
      }),
    stop: () => void outgoing.off("close", onClose),
  };
}

function drained(outgoing: Sink): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once("drain", resolve);
  });
}

function ignore(): void {}
