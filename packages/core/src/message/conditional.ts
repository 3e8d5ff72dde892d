// Conditional requests: whether the client has it already, or expects something else than what is there.
import { matchesEntityTag } from "../http/etag.ts";
import { parseHttpDate } from "../http/http-date.ts";
import type { Request } from "./request.ts";

/** What tells one version of a representation from another. */
export interface Validators {
  readonly etag: string;
  /** Milliseconds since the epoch; HTTP knows whole seconds only. */
  readonly lastModified: number;
}

/**
 * The status to answer in place of 200, for GET and HEAD: 412 when the client expects another version, 304 when it has
 * this one, `undefined` to go on.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2 for the order
 */
export function evaluateConditions(req: Request, { etag, lastModified }: Validators): 304 | 412 | undefined {
  const seconds = Math.floor(lastModified / 1000);
  const ifMatch = list(req, "if-match");
  if (ifMatch !== undefined) {
    if (!matchesEntityTag(ifMatch, etag, "strong")) return 412;
  } else {
    const since = parseHttpDate(req.header("if-unmodified-since"));
    if (since !== undefined && seconds > since / 1000) return 412;
  }
  const ifNoneMatch = list(req, "if-none-match");
  if (ifNoneMatch !== undefined) return matchesEntityTag(ifNoneMatch, etag, "weak") ? 304 : undefined;
  const since = parseHttpDate(req.header("if-modified-since"));
  return since !== undefined && seconds <= since / 1000 ? 304 : undefined;
}

/**
 * Whether a `Range` may be answered: there is no `If-Range`, or it names this very version. A weak tag never does.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
 */
export function rangeApplies(req: Request, { etag, lastModified }: Validators): boolean {
  const ifRange = req.header("if-range");
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return matchesEntityTag(ifRange, etag, "strong");
  return parseHttpDate(ifRange) === Math.floor(lastModified / 1000) * 1000;
}

function list(req: Request, name: string): string | undefined {
  const values = req.headerAll(name);
  return values.length === 0 ? undefined : values.join(", ");
}
