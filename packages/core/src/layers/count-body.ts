// Passes a stream on as it is, and tells how much went through when it is over, however it ends.
import type { StreamBody } from "../response.ts";
import { type Chunks, chunksOf } from "../stream.ts";

/** Calls `onEnd` once, with the number of bytes: at the end, at an error, or when nobody reads on. */
export function countBody(body: StreamBody, onEnd: (bytes: number) => void): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => counting(chunksOf(body), onEnd) };
}

function counting(chunks: Chunks, onEnd: (bytes: number) => void): AsyncIterator<Uint8Array> {
  let bytes = 0;
  let ended = false;
  const end = () => {
    if (!ended) onEnd(bytes);
    ended = true;
  };
  return {
    next: async () => {
      try {
        const result = await chunks.next();
        if (result.done) {
          end();
          return { done: true, value: undefined };
        }
        bytes += result.value.byteLength;
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    return: async () => {
      chunks.cancel();
      end();
      return { done: true, value: undefined };
    },
  };
}
