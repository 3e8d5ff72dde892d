// Conditional requests: whether the client has it already, or expects something else than what is there.
import { matchesEntityTag } from "../http/etag.ts";
import { parseHttpDate } from "../http/http-date.ts";
import type { Request } from "./request.ts";

/** What tells one version of a representation from another. */
export interface Validators {
  readonly etag: string | undefined;
  /** Milliseconds since the epoch; HTTP knows whole seconds only. */
  readonly lastModified: number | undefined;
}

/**
 * The status to answer in place of 200, for GET and HEAD: 412 when the client expects another version, 304 when it has
 * this one, `undefined` to go on.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2 for the order
 */
export function evaluateConditions(req: Request, validators: Validators): 304 | 412 | undefined {
  const { etag, lastModified } = validators;
  if (failsIfMatch(req, validators, true)) return 412;
  const ifNoneMatch = fieldOf(req, "if-none-match");
  if (ifNoneMatch !== undefined) return matchesEntityTag(ifNoneMatch, etag, "weak") ? 304 : undefined;
  const since = parseHttpDate(req.header("if-modified-since"));
  return since !== undefined && lastModified !== undefined && secondsOf(lastModified) <= since / 1000
    ? 304
    : undefined;
}

/** Whether `If-Match`, or in its absence `If-Unmodified-Since`, asks for another version than the one that is there. */
export function failsIfMatch(req: Request, { etag, lastModified }: Validators, exists: boolean): boolean {
  const ifMatch = fieldOf(req, "if-match");
  if (ifMatch !== undefined) return !exists || !matchesEntityTag(ifMatch, etag, "strong");
  const since = parseHttpDate(req.header("if-unmodified-since"));
  return since !== undefined && lastModified !== undefined && secondsOf(lastModified) > since / 1000;
}

/**
 * Whether a `Range` may be answered: there is no `If-Range`, or it names this very version. A weak tag never does.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5, and 8.8.2.2 for dates
 */
export function rangeApplies(req: Request, { etag, lastModified }: Validators): boolean {
  const ifRange = req.header("if-range");
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return matchesEntityTag(ifRange, etag, "strong");
  if (lastModified === undefined || parseHttpDate(ifRange) !== secondsOf(lastModified) * 1000) return false;
  // What has changed within this second may change again within it: such a date names no one version.
  return secondsOf(lastModified) < secondsOf(Date.now());
}

function secondsOf(ms: number): number {
  return Math.floor(ms / 1000);
}

/** The value of a list that may stand on several lines. */
export function fieldOf(req: Request, name: string): string | undefined {
  const values = req.headerAll(name);
  return values.length === 0 ? undefined : values.join(", ");
}
