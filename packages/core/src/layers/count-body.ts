// Passes a stream on as it is, and tells how much went through when it is over, however it ends.
import type { StreamBody } from "../message/response.ts";
import { chunksOf } from "../message/stream.ts";

/** Calls `onEnd` once, with the number of bytes: at the end, at an error, or when nobody reads on. */
export function countBody(body: StreamBody, onEnd: (bytes: number) => void): AsyncIterable<Uint8Array> {
  const chunks = chunksOf(body);
  let bytes = 0;
  let ended = false;
  const end = () => {
    if (!ended) onEnd(bytes);
    ended = true;
  };
  const iterator: AsyncIterator<Uint8Array> = {
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
  return { [Symbol.asyncIterator]: () => iterator };
}
