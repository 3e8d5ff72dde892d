// Byte ranges: the part of a file that a download goes on with, or that a video player jumps to.

/** Positions of the first and the last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The one range that a `Range` field asks for; `"unsatisfiable"` when it lies behind the end; `undefined` when the
 * whole is to be sent: for another unit, a malformed field, and for several ranges, which no client needs and which
 * make a server send the same bytes many times over.
 *
 *     int-range    = first-pos "-" [ last-pos ]
 *     suffix-range = "-" suffix-length
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2
 */
export function parseRange(field: string | undefined, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(field ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return undefined;
    const suffix = Number(last);
    if (suffix === 0) return "unsatisfiable";
    // The last bytes of nothing are nothing, which has no positions to speak of.
    return size === 0 ? undefined : { start: Math.max(0, size - suffix), end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Number(last);
  if (last !== "" && end < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end: Math.min(end, size - 1) };
}
