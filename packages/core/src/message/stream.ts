// One way to read every kind of stream body: the next chunk, and letting go of the source.
import { type Chunk, cancelBody, type StreamBody } from "./response.ts";

/** Reads a body chunk by chunk. */
export interface Chunks {
  /** The next chunk as bytes. */
  next(): Promise<{ done: true; value?: undefined } | { done: false; value: Uint8Array }>;
  /** Lets go of the source, whatever it is doing; never throws, never waits. */
  cancel(): void;
}

/** @throws TypeError, from `next`, when the source yields something that is neither text nor bytes. */
export function chunksOf(body: StreamBody): Chunks {
  if (body instanceof ReadableStream) {
    const reader = (body as ReadableStream<Chunk>).getReader();
    return {
      next: async () => {
        const { done, value } = await reader.read();
        return done ? { done } : { done, value: toBytes(value) };
      },
      cancel: () => void reader.cancel().catch(ignore),
    };
  }
  const iterator = (body as AsyncIterable<Chunk>)[Symbol.asyncIterator]();
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
