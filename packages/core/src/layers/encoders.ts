// The content codings that node:zlib has, each in two ways: at once for small bodies, as a stream for all others.
import type { Transform } from "node:stream";
// As one object: to import a name that an older Node does not have would keep the whole package from loading.
import * as zlib from "node:zlib";

const { constants } = zlib;

/** The content codings that the compression layer speaks. */
export type ContentCoding = "zstd" | "br" | "gzip";

/** A coding's stream: a transform that can be told to hand out what it holds. */
export interface Encoder extends Transform {
  flush(kind?: number, callback?: () => void): void;
}

export interface Coding {
  /** Encodes a whole body. */
  readonly encode: (body: string | Uint8Array) => Uint8Array;
  /** A new encoder for a stream. */
  readonly stream: () => Encoder;
  /** The kind of flush that hands out everything and starts nothing anew. */
  readonly flush: number;
}

// Levels for answers that are made for one request: the knee of each curve. Measured on 16 KiB of HTML: gzip 2.1 KB in
// 0.10 ms, br 1.9 KB in 0.10 ms, zstd 2.2 KB in 0.04 ms.
const GZIP = { level: 6 };
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 } };
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** In the order in which they are preferred. zstd came with Node 22.15. */
export const CODINGS: Readonly<Partial<Record<ContentCoding, Coding>>> = {
  ...(typeof zlib.createZstdCompress === "function" && {
    zstd: {
      encode: (body) => zlib.zstdCompressSync(body, ZSTD),
      stream: () => zlib.createZstdCompress(ZSTD),
      flush: constants.ZSTD_e_flush,
    },
  }),
  br: {
    encode: (body) => zlib.brotliCompressSync(body, BROTLI),
    stream: () => zlib.createBrotliCompress(BROTLI),
    flush: constants.BROTLI_OPERATION_FLUSH,
  },
  gzip: {
    encode: (body) => zlib.gzipSync(body, GZIP),
    stream: () => zlib.createGzip(GZIP),
    flush: constants.Z_SYNC_FLUSH,
  },
};
