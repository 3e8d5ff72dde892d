// Lets clients send compressed bodies.
import type { Layer } from "../app/handler.ts";
import { BODY_CODINGS, type BodyCoding } from "../message/content-coding.ts";
import { type Checks, checkOptions, listOf, show } from "../options/check.ts";

export interface DecompressionOptions {
  /** The codings that are taken; `gzip`, `deflate`, `br` and `zstd` (where Node has it) unless given. */
  encodings?: readonly BodyCoding[];
}

const OPTIONS: Checks = {
  encodings: listOf("codings", (name, label) => {
    if (!(BODY_CODINGS as readonly unknown[]).includes(name))
      throw new TypeError(
        `${label} must be one that this Node has, ${BODY_CODINGS.join(", ")}; got ${show(name)}`,
      );
  }),
};

/**
 * A layer that reads bodies with a `Content-Encoding`, which are 415 without it. Both the bytes that come and those that they
 * become are counted against the limit of the body, so a small body cannot become a large one.
 *
 * @throws TypeError for a coding that does not exist.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.4
 */
export function decompression(options: DecompressionOptions = {}): Layer {
  checkOptions("decompression", options, OPTIONS);
  const { encodings = BODY_CODINGS } = options;
  return (req, _conn, next) => {
    req.acceptedEncodings = encodings;
    return next();
  };
}
