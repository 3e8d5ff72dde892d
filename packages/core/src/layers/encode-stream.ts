// Compresses a stream without holding it back: whenever its source pauses, what came so far is sent.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { StreamBody } from "../message/response.ts";
import { type Chunks, chunksOf } from "../message/stream.ts";
import type { Coding, Encoder } from "./encoders.ts";

/** A stream of the encoded body. Its source is let go when it is destroyed, and fails it when it fails. */
export function encodeStream(body: StreamBody, coding: Coding): Encoder {
  const chunks = chunksOf(body);
  const encoder = coding.stream();
  // A reader of the stream sees its error; without one, the error must not end the process.
  encoder.on("error", ignore);
  encoder.once("close", () => chunks.cancel());
  feed(chunks, encoder, coding.flush).catch((error: unknown) => encoder.destroy(error as Error));
  return encoder;
}

async function feed(chunks: Chunks, encoder: Encoder, flush: number): Promise<void> {
  for (;;) {
    const next = chunks.next();
    if ((await Promise.race([next, nextTurn(PAUSED)])) === PAUSED) encoder.flush(flush);
    const { done, value } = await next;
    if (encoder.destroyed) return;
    if (done) {
      encoder.end();
      return;
    }
    if (!encoder.write(value)) await writable(encoder);
  }
}

const PAUSED = Symbol("paused");

function writable(encoder: Encoder): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      encoder.off("drain", settle).off("close", settle);
      resolve();
    };
    encoder.on("drain", settle).on("close", settle);
  });
}

function ignore(): void {}
