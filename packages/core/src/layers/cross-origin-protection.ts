// Keeps other sites from acting as our users (CSRF), by what browsers themselves say of where a request comes from: no
// tokens, no cookies.
import { HttpError } from "../http/http-error.ts";
import type { Layer } from "../app/handler.ts";
import { parsePattern } from "../app/pattern.ts";
import type { Request } from "../message/request.ts";
import { type Checks, checkOptions, isString, listOf } from "../options/check.ts";
import { isCrossOrigin } from "./cross-origin.ts";
import { assertOrigin } from "./origin.ts";

export interface CrossOriginProtectionOptions {
  /** Other origins that may act as our users, such as `"https://app.example.org"`. */
  trustedOrigins?: readonly string[];
  /** Patterns of routes that anyone may call, exactly as registered (with their mount's prefix): `"/webhooks/:name"`. */
  bypass?: readonly string[];
}

const OPTIONS: Checks = { trustedOrigins: listOf("origins", isString), bypass: listOf("patterns", isString) };

/**
 * A layer that refuses, with 403, what another site made a browser send.
 *
 * 1. GET, HEAD and OPTIONS pass: their handlers must not change anything.
 * 2. `Sec-Fetch-Site: same-origin` and `none` (typed, bookmarked) pass; `same-site` and `cross-site` do not: a
 *    subdomain is another origin, and often another owner.
 * 3. Browsers that predate it send `Origin`: its host must be the host that was asked for.
 * 4. Requests with neither field come from no browser, carry nobody's cookies against their will, and pass.
 *
 * 5. `Authorization: Bearer` passes: no browser adds it by itself, and another site's script may only where CORS lets it.
 *
 * Trusted origins and bypassed routes are let through where 2 or 3 would refuse. The host is `conn.host`: behind a
 * proxy that rewrites `Host`, set `trustProxy`.
 *
 * @throws TypeError for an origin or a pattern that could never match.
 * @see https://www.w3.org/TR/fetch-metadata/
 * @see https://words.filippo.io/csrf/
 */
export function crossOriginProtection(options: CrossOriginProtectionOptions = {}): Layer {
  checkOptions("crossOriginProtection", options, OPTIONS);
  const { trustedOrigins = [], bypass = [] } = options;
  for (const origin of trustedOrigins) assertOrigin("crossOriginProtection", origin);
  for (const pattern of bypass) parsePattern(pattern);
  const trusted = new Set(trustedOrigins);
  const bypassed = new Set<string | undefined>(bypass);

  return (req, conn, next) => {
    if (SAFE.has(req.method) || !isCrossOrigin(req, conn) || isBearer(req)) return next();
    if (trusted.has(req.header("origin") ?? "") || bypassed.has(req.route)) return next();
    throw new HttpError(403, "This request came from another site.");
  };
}

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

function isBearer(req: Request): boolean {
  return /^bearer +\S/i.test(req.header("authorization") ?? "");
}
