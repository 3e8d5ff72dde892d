// The one canonical path of a request: what guards compare, what routes match, computed once.
import { HttpError } from "./http-error.ts";

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
 * Canonical means that a path has one spelling: what is percent-encoded is decoded, so `/%61dmin` is `/admin` and
 * `/caf%C3%A9` is `/café`. Only what would change its meaning stays encoded, with digits in upper case: `%2F`, `%25`,
 * `%3F`, `%23` and controls. Nothing else is rewritten: `/a`, `/a/` and `//a` are three paths. Dot segments are refused,
 * since no client sends them: it resolves them itself.
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
  if (encoded) path = decodePath(path);
  if ((dots || encoded) && hasDotSegment(path)) throw new HttpError(400, "The path holds a dot segment.");
  return { path, search: target.charCodeAt(at) === QUESTION ? target.slice(at + 1) : "" };
}

/** Where the path of `http://host/path` starts. */
function pathStartOfAbsoluteForm(target: string): number {
  const scheme = /^https?:\/\/[^/?#]+/i.exec(target);
  if (scheme === null) throw new HttpError(400, "The request target is neither a path nor an absolute URL.");
  return scheme[0].length;
}

/** Controls, `#`, `%`, `/`, `?` and DEL. */
const STAYS_ENCODED = /%(?:[01][0-9A-F]|2[35F]|3F|7F)/gi;

function decodePath(path: string): string {
  try {
    return decodeURIComponent(
      path.replace(STAYS_ENCODED, (triplet) => `%25${triplet.slice(1).toUpperCase()}`),
    );
  } catch {
    throw new HttpError(400, "The path holds a malformed percent-encoding.");
  }
}

function hasDotSegment(path: string): boolean {
  return path.split("/").some((segment) => segment === "." || segment === "..");
}
