// Writes a stream onto the wire, whatever the engine.
import type { Writable } from "node:stream";
import type { StreamBody } from "../message/response.ts";
import { chunksOf } from "../message/stream.ts";

/** What {@link pump} rejects with when the client has left. */
export const CLIENT_LEFT: unique symbol = Symbol("The client left");

/** Writes a stream as fast as the client reads it. Rejects, with the source let go, when either side fails. */
export async function pump(
  outgoing: Writable,
  body: StreamBody,
  contentLength: number | undefined,
): Promise<void> {
  const chunks = chunksOf(body);
  const { orGone, stop } = untilClosed(outgoing);
  let count = 0;
  try {
    for (;;) {
      const { done, value } = await orGone(chunks.next());
      if (done) break;
      count += value.byteLength;
      if (contentLength !== undefined && count > contentLength)
        throw new Error("The body is longer than its Content-Length");
      if (!outgoing.write(value)) await orGone(drained(outgoing));
    }
    if (contentLength !== undefined && count < contentLength)
      throw new Error("The body is shorter than its Content-Length");
  } catch (error) {
    chunks.cancel();
    throw error;
  } finally {
    stop();
  }
}

/**
 * Waits for a promise, or rejects as soon as the client leaves. `Promise.race` against one promise that outlives all
 * others would keep every chunk in memory until the stream ends.
 */
function untilClosed(outgoing: Writable): {
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

function drained(outgoing: Writable): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once("drain", resolve);
  });
}

function ignore(): void {}
