// The one canonical path of a request: what guards compare, what routes match, computed once.
import { HttpError } from "./error.ts";

const PERCENT = 37;
const HASH = 35;
const SLASH = 47;
const DOT = 46;
const QUESTION = 63;

/** A request target, cut in two. */
export interface Target {
  /** Canonical path, always with a leading slash; `*` for `OPTIONS *`. */
  readonly path: string;
  /** What follows the first `?`, as sent. */
  readonly search: string;
}

/**
 * Cuts a request target into its canonical path and its query.
 *
 * Canonical means, after RFC 3986, section 6.2.2: percent-encoded unreserved characters are decoded and the digits of
 * the others are in upper case, so `/%61dmin` is `/admin`. Nothing else is rewritten: `/a`, `/a/` and `//a` are three
 * paths. Dot segments are refused, since no client sends them: it resolves them itself.
 *
 * @throws HttpError 400 for a malformed percent-encoding, one that is no UTF-8, a dot segment, or no path at all.
 */
export function parseTarget(target: string): Target {
  let from = 0;
  if (target.charCodeAt(0) !== SLASH) {
    if (target === "*") return { path: "*", search: "" };
    from = pathStartOfAbsoluteForm(target);
    if (from === target.length || target.charCodeAt(from) !== SLASH) {
      return parseTarget(`/${target.slice(from)}`);
    }
  }
  let encoded = false;
  let dots = false;
  let at = from;
  for (; at < target.length; at += 1) {
    const code = target.charCodeAt(at);
    if (code === QUESTION || code === HASH) break;
    if (code === PERCENT) encoded = true;
    else if (code === DOT && target.charCodeAt(at - 1) === SLASH) dots = true;
  }
  let path = from === 0 && at === target.length ? target : target.slice(from, at);
  if (encoded) path = normalisePercentEncoding(path);
  if ((dots || encoded) && hasDotSegment(path)) throw new HttpError(400, "The path holds a dot segment.");
  return { path, search: target.charCodeAt(at) === QUESTION ? target.slice(at + 1) : "" };
}

/** Where the path of `http://host/path` starts. */
function pathStartOfAbsoluteForm(target: string): number {
  const scheme = /^https?:\/\/[^/?#]+/i.exec(target);
  if (scheme === null) throw new HttpError(400, "The request target is neither a path nor an absolute URL.");
  return scheme[0].length;
}

function normalisePercentEncoding(path: string): string {
  try {
    decodeURIComponent(path);
  } catch {
    throw new HttpError(400, "The path holds a malformed percent-encoding.");
  }
  return path.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const char = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(char) ? char : triplet.toUpperCase();
  });
}

function hasDotSegment(path: string): boolean {
  return path.split("/").some((segment) => segment === "." || segment === "..");
}
