// Bodies that clients have compressed: read only where an app asks for it, and counted as what they become.
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { HttpError } from "../http/http-error.ts";

/** The content codings that a body may come in. */
export type BodyCoding = "gzip" | "deflate" | "br" | "zstd";

const DECODERS: Readonly<Record<BodyCoding, (() => Transform) | undefined>> = {
  gzip: () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  // It came with Node 22.15.
  zstd: typeof zlib.createZstdDecompress === "function" ? () => zlib.createZstdDecompress() : undefined,
};

/** Those that this Node can read. */
export const BODY_CODINGS: readonly BodyCoding[] = (Object.keys(DECODERS) as BodyCoding[]).filter(
  (coding) => DECODERS[coding] !== undefined,
);

/**
 * The coding of a body; `undefined` when it is plain.
 *
 * @param field the value of `Content-Encoding`
 * @throws HttpError 415, whose `Accept-Encoding` says what is taken, for every other one and for several.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16
 */
export function codingOf(field: string, accepted: readonly BodyCoding[]): BodyCoding | undefined {
  const name = field.trim().toLowerCase();
  if (name === "" || name === "identity") return undefined;
  const coding = accepted.find((one) => one === name || (one === "gzip" && name === "x-gzip"));
  if (coding !== undefined) return coding;
  const list = accepted.length === 0 ? "identity" : accepted.join(", ");
  throw new HttpError(415, `The body's Content-Encoding must be one of: ${list}.`, {
    headers: { "Accept-Encoding": list },
  });
}

/** What a body was before it was encoded. @throws HttpError 400, while iterating, when it is malformed or cut off. */
export async function* decode(
  source: AsyncIterable<Uint8Array>,
  coding: BodyCoding,
): AsyncGenerator<Uint8Array, void, void> {
  const decoder = DECODERS[coding]?.();
  if (decoder === undefined) throw new TypeError(`This Node cannot decode ${coding}`);
  decoder.on("error", ignore);
  void feed(source, decoder);
  try {
    yield* decoder;
  } catch (cause) {
    throw cause instanceof HttpError
      ? cause
      : new HttpError(400, `The body is not valid ${coding}, or was cut off.`, { cause });
  } finally {
    decoder.destroy();
  }
}

/** As fast as it is read, so that a small body cannot become a large one in memory. */
async function feed(source: AsyncIterable<Uint8Array>, decoder: Transform): Promise<void> {
  try {
    for await (const chunk of source) {
      if (decoder.destroyed) return;
      if (!decoder.write(chunk)) await writable(decoder);
    }
    decoder.end();
  } catch (error) {
    decoder.destroy(error as Error);
  }
}

function writable(decoder: Transform): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      decoder.off("drain", settle).off("close", settle);
      resolve();
    };
    decoder.on("drain", settle).on("close", settle);
  });
}

function ignore(): void {}
