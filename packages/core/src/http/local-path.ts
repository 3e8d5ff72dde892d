// Where a redirect may lead when the address came from the client: into this site, and nowhere else.

/**
 * A path of this site out of what a client sent, such as `?next=/account`, for a redirect after login. Everything else gives
 * the fallback: another scheme or host, `//host`, backslashes and controls, which browsers read as slashes or skip.
 *
 *     Response.redirect(303, localPath(req.query.get("next"), "/account"));
 *
 * The path comes back as a browser would resolve it: dot segments are gone, and what is not ASCII is percent-encoded.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html
 * @see https://url.spec.whatwg.org/#concept-basic-url-parser
 */
export function localPath(value: string | null | undefined, fallback = "/"): string {
  if (typeof value !== "string" || !value.startsWith("/") || UNSAFE.test(value)) return fallback;
  if (!URL.canParse(value, BASE)) return fallback;
  const { origin, pathname, search, hash } = new URL(value, BASE);
  // `/.//host` is resolved to a path that begins with two slashes: sent as a redirect, it is another host.
  if (origin !== BASE || pathname.startsWith("//")) return fallback;
  return pathname + search + hash;
}

const BASE = "http://local.invalid";
// oxlint-disable-next-line no-control-regex -- controls are what it looks for
const UNSAFE = /[\u0000-\u001f\u007f\\]/;
