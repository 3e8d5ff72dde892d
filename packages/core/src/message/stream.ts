// One way to read every kind of stream body: the next chunk, and letting go of the source.
import { setImmediate as nextTurn } from "node:timers/promises";
import { cancelBody, type StreamBody } from "./response.ts";

/** The next chunk as bytes, or the end. */
type Read = { done: true; value?: undefined } | { done: false; value: Uint8Array };

/** Reads a body chunk by chunk. */
export interface Chunks {
  next(): Promise<Read>;
  /** Lets go of the source, whatever it is doing; never throws, never waits. */
  cancel(): void;
}

/** @throws TypeError, from `next`, when the source yields something that is neither text nor bytes. */
export function chunksOf(body: StreamBody): Chunks {
  if (body instanceof ReadableStream) {
    const reader = body.getReader();
    return {
      next: async () => {
        const { done, value } = await reader.read();
        return done ? { done } : { done, value: toBytes(value) };
      },
      cancel: () => void reader.cancel().catch(ignore),
    };
  }
  const iterator = body[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await iterator.next();
      return done === true ? { done } : { done: false, value: toBytes(value) };
    },
    cancel: () => {
      // An iterator that waits for its next chunk cannot be told to return before it has it; a Node stream can be destroyed.
      if ("destroy" in body) cancelBody(body);
      else void returnOf(iterator).catch(ignore);
    },
  };
}

/**
 * Begins to read a body: waits until its first chunk is there, or has had a turn of the event loop to come, and a file
 * that is being opened is open. As long as no head is sent, an error can still be answered.
 *
 * @throws What the body fails with until then; its source is let go.
 */
export async function begin(body: StreamBody): Promise<Chunks> {
  const chunks = chunksOf(body);
  let first: Promise<Read> | undefined = chunks.next();
  const isOpening = "pending" in body && body.pending === true;
  try {
    await Promise.race([first, isOpening ? whenOpen(body) : nextTurn()]);
  } catch (error) {
    chunks.cancel();
    throw error;
  }
  return {
    cancel: chunks.cancel,
    next: () => {
      const next = first ?? chunks.next();
      first = undefined;
      return next;
    },
  };
}

/** A stream of `node:fs` says `open`, or fails, which the first read tells. */
function whenOpen(body: StreamBody): Promise<void> {
  return new Promise((resolve) => {
    if ("once" in body) body.once("open", () => resolve());
  });
}

async function returnOf(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === "string") return Buffer.from(chunk);
  throw new TypeError(
    `A response stream yielded ${chunk === null ? "null" : `a ${typeof chunk}`}; yield strings or bytes`,
  );
}

function ignore(): void {}
