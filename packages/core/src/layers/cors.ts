// Cross-origin resource sharing: which other origins' scripts may read our answers.
import type { Layer } from "../app/handler.ts";
import { Header, isToken, withMembers } from "../http/header.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { after } from "./after.ts";
import { assertOrigin } from "./origin.ts";

const VARY_ORIGIN = Header.constant("Vary", "Origin");
const VARY_ASKED = Header.constant("Vary", "Access-Control-Request-Headers");

export interface CorsOptions {
  /** Origins such as `"https://app.example.org"`; a function that decides; or `"*"` for every script of every site. */
  origins: "*" | readonly string[] | ((origin: string, req: Request) => boolean);
  /** Methods that a preflight allows; GET, HEAD, POST, PUT, PATCH and DELETE unless given. */
  methods?: readonly string[];
  /** Fields that a script may send; whatever it asks for unless given. */
  allowHeaders?: readonly string[];
  /** Fields of our answers that a script may read, beyond the few that it always may. */
  exposeHeaders?: readonly string[];
  /** Whether a script's requests may carry cookies and other credentials; not unless given. */
  credentials?: boolean;
  /** Seconds that a browser may keep the answer to a preflight; its own default (5) unless given. */
  maxAge?: number;
}

/**
 * A layer that lets scripts of other origins in, and answers their preflights itself, with 204.
 *
 * It opens, it does not guard: a request of another origin is still handled, only its answer cannot be read. To refuse
 * such requests there is `crossOriginProtection`. The opaque origin `null` (of sandboxed frames and files) is let in by
 * `"*"` alone: anyone can have it. `Access-Control-Allow-Private-Network` is never sent.
 *
 * @throws TypeError for options that contradict each other or that no browser would understand.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function cors(options: CorsOptions): Layer {
  assertOptions(options);
  const { origins, credentials = false, maxAge, allowHeaders, exposeHeaders = [] } = options;
  const methods = (options.methods ?? ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).join(", ");
  const anyone = origins === "*";
  const isAllowed = allowing(origins);

  const always: Header[] = [];
  if (credentials) always.push(Header.constant("Access-Control-Allow-Credentials", "true"));
  const onAnswer = [...always];
  if (exposeHeaders.length > 0) {
    onAnswer.push(Header.constant("Access-Control-Expose-Headers", exposeHeaders.join(", ")));
  }
  const onPreflight = [...always, Header.constant("Access-Control-Allow-Methods", methods)];
  if (maxAge !== undefined) onPreflight.push(Header.constant("Access-Control-Max-Age", String(maxAge)));
  if (allowHeaders !== undefined && allowHeaders.length > 0) {
    onPreflight.push(Header.constant("Access-Control-Allow-Headers", allowHeaders.join(", ")));
  }

  const preflight = (req: Request, origin: string): Response => {
    let headers: Header[] = [];
    if (!anyone) headers = withMembers(headers, VARY_ORIGIN);
    if (allowHeaders === undefined) headers = withMembers(headers, VARY_ASKED);
    if (!isAllowed(origin, req)) return new Response(204, headers);
    headers.push({ name: "Access-Control-Allow-Origin", value: anyone ? "*" : origin }, ...onPreflight);
    const asked = req.header("access-control-request-headers");
    if (
      allowHeaders === undefined &&
      asked !== undefined &&
      asked.split(",").every((one) => isToken(one.trim()))
    ) {
      headers.push({ name: "Access-Control-Allow-Headers", value: asked });
    }
    return new Response(204, headers);
  };

  return (req, _conn, next) => {
    const origin = req.header("origin");
    const isPreflight =
      req.method === "OPTIONS" &&
      origin !== undefined &&
      req.header("access-control-request-method") !== undefined;
    if (isPreflight) return preflight(req, origin);
    const allowed = anyone || (origin !== undefined && isAllowed(origin, req));
    return after(next(), (response) => {
      const changed = response.clone();
      if (!anyone) changed.headers = withMembers(changed.headers, VARY_ORIGIN);
      if (allowed) {
        changed.headers.push(
          { name: "Access-Control-Allow-Origin", value: anyone ? "*" : (origin as string) },
          ...onAnswer,
        );
      }
      return changed;
    });
  };
}

function allowing(origins: CorsOptions["origins"]): (origin: string, req: Request) => boolean {
  if (origins === "*") return () => true;
  if (typeof origins === "function") return (origin, req) => origin !== "null" && origins(origin, req);
  const known = new Set(origins);
  return (origin) => known.has(origin);
}

function assertOptions({
  origins,
  methods,
  allowHeaders,
  exposeHeaders,
  credentials,
  maxAge,
}: CorsOptions): void {
  const refuse = (problem: string): never => {
    throw new TypeError(`cors: ${problem}`);
  };
  if (origins === "*" && credentials) {
    refuse('origins: "*" with credentials would let every site act as your users; name the origins');
  }
  if (origins !== "*" && typeof origins !== "function") {
    if (!Array.isArray(origins)) refuse('origins must be a list, a function or "*"');
    for (const origin of origins) assertOrigin("cors", origin);
  }
  for (const [option, names] of Object.entries({ methods, allowHeaders, exposeHeaders })) {
    for (const name of names ?? []) {
      if (!isToken(name)) refuse(`${option}: ${JSON.stringify(name)} is not a token`);
      if (name === "*" && credentials) {
        refuse(`${option}: with credentials, browsers take "*" for a name like any other; list the names`);
      }
    }
  }
  if (maxAge !== undefined && !(Number.isSafeInteger(maxAge) && maxAge >= 0)) {
    refuse(`maxAge must be a whole number of seconds, got ${maxAge}`);
  }
}
