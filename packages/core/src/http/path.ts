// The one canonical path of a request: what guards compare, what routes match, computed once.
import { isHost } from "./host.ts";
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
  /** The host that a target in absolute form names; it goes before the `Host` field. */
  readonly authority?: string;
}

/**
 * Cuts a request target into its canonical path and its query.
 *
 * Canonical means that a path has one spelling: what is percent-encoded is decoded, so `/%61dmin` is `/admin` and
 * `/caf%C3%A9` is `/café`. Only what would change its meaning stays encoded, with digits in upper case: `%2F`, `%25`,
 * `%3F`, `%23` and controls. Nothing else is rewritten: `/a`, `/a/` and `//a` are three paths. Dot segments are refused,
 * since no client sends them: it resolves them itself.
 *
 * @throws HttpError 400 for a malformed percent-encoding, one that is no UTF-8, a dot segment, no path at all, or an absolute
 * form whose host is none.
 */
export function parseTarget(target: string): Target {
  if (target.charCodeAt(0) !== SLASH) {
    if (target === "*") return { path: "*", search: "" };
    return parseAbsoluteForm(target);
  }
  let encoded = false;
  let dots = false;
  let at = 0;
  for (; at < target.length; at += 1) {
    const code = target.charCodeAt(at);
    if (code === QUESTION || code === HASH) break;
    if (code === PERCENT) encoded = true;
    else if (code === DOT && target.charCodeAt(at - 1) === SLASH) dots = true;
  }
  let path = at === target.length ? target : target.slice(0, at);
  if (encoded) path = decodePath(path);
  if ((dots || encoded) && hasDotSegment(path)) throw new HttpError(400, "The path holds a dot segment.");
  return { path, search: target.charCodeAt(at) === QUESTION ? target.slice(at + 1) : "" };
}

/**
 * `http://host/path`, as clients send it to proxies.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
 */
function parseAbsoluteForm(target: string): Target {
  const start = /^https?:\/\//i.exec(target)?.[0].length ?? 0;
  if (start === 0) throw new HttpError(400, "The request target is neither a path nor an absolute URL.");
  const length = target.slice(start).search(/[/?#]/);
  const end = length === -1 ? target.length : start + length;
  const authority = target.slice(start, end);
  if (!isHost(authority)) throw new HttpError(400, "The request target must name one host.");
  const rest = target.slice(end);
  return { ...parseTarget(rest.startsWith("/") ? rest : `/${rest}`), authority };
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
