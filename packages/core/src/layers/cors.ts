// Cross-origin resource sharing: which other origins' scripts may read our answers.
import type { Answer, Layer } from "../app/handler.ts";
import { Header, isToken, withMembers } from "../http/header.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { isThenable } from "../message/thenable.ts";
import {
  type Checks,
  checkOptions,
  isBoolean,
  isString,
  listOf,
  required,
  show,
  wholeNumber,
} from "../options/check.ts";
import { after } from "./after.ts";
import { assertOrigin } from "./origin.ts";

const VARY_ORIGIN = Header.constant("Vary", "Origin");
const VARY_ASKED = Header.constant("Vary", "Access-Control-Request-Headers");

export interface CorsOptions {
  /**
   * Origins such as `"https://app.example.org"`; a function that decides, at once or later; or `"*"` for every script of
   * every site. Of a function only `true` lets an origin in.
   */
  origins: "*" | readonly string[] | ((origin: string, req: Request) => boolean | Promise<boolean>);
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

  const preflight = (req: Request, origin: string, allowed: boolean): Response => {
    let headers: Header[] = [];
    if (!anyone) headers = withMembers(headers, VARY_ORIGIN);
    if (allowHeaders === undefined) headers = withMembers(headers, VARY_ASKED);
    if (!allowed) return new Response(204, headers);
    headers.push({ name: "Access-Control-Allow-Origin", value: anyone ? "*" : origin }, ...onPreflight);
    const asked = req.headerList("access-control-request-headers");
    if (
      allowHeaders === undefined &&
      asked !== undefined &&
      asked.split(",").every((one) => isToken(one.trim()))
    ) {
      headers.push({ name: "Access-Control-Allow-Headers", value: asked });
    }
    return new Response(204, headers);
  };

  const opened = (response: Response, origin: string | undefined, allowed: boolean): Response => {
    const changed = response.clone();
    if (!anyone) changed.headers = withMembers(changed.headers, VARY_ORIGIN);
    if (!allowed) return changed;
    // A handler that has set them itself is overruled: browsers refuse what says it twice.
    changed.headers = changed.headers.filter(({ name }) => !DECIDED_HERE.includes(name.toLowerCase()));
    changed.headers.push(
      { name: "Access-Control-Allow-Origin", value: anyone ? "*" : (origin ?? "") },
      ...onAnswer,
    );
    return changed;
  };

  return (req, _conn, next) => {
    const origin = req.header("origin");
    const isPreflight =
      req.method === "OPTIONS" &&
      origin !== undefined &&
      req.header("access-control-request-method") !== undefined;
    const decide = (allowed: unknown): Answer =>
      isPreflight
        ? preflight(req, origin, allowed === true)
        : after(next(), (response) => opened(response, origin, allowed === true));
    const allowed: unknown = anyone || (origin !== undefined && isAllowed(origin, req));
    return isThenable(allowed) ? Promise.resolve(allowed).then(decide) : decide(allowed);
  };
}

const DECIDED_HERE = ["access-control-allow-origin", "access-control-allow-credentials"];

function allowing(origins: CorsOptions["origins"]): (origin: string, req: Request) => unknown {
  if (origins === "*") return () => true;
  if (typeof origins === "function") return (origin, req) => origin !== "null" && origins(origin, req);
  const known = new Set(origins);
  return (origin) => known.has(origin);
}

const OPTIONS: Checks = {
  origins: required((value, label) => {
    if (value === "*" || typeof value === "function") return;
    if (!Array.isArray(value))
      throw new TypeError(`${label} must be a list of origins, a function or "*", got ${show(value)}`);
    for (const origin of value) assertOrigin("cors", origin);
  }),
  methods: listOf("methods", isString),
  allowHeaders: listOf("names", isString),
  exposeHeaders: listOf("names", isString),
  credentials: isBoolean,
  maxAge: wholeNumber(" of seconds", 0),
};

function assertOptions(options: CorsOptions): void {
  checkOptions("cors", options, OPTIONS);
  const { origins, methods, allowHeaders, exposeHeaders, credentials } = options;
  const refuse = (problem: string): never => {
    throw new TypeError(`cors: ${problem}`);
  };
  if (origins === "*" && credentials) {
    refuse('origins: "*" with credentials would let every site act as your users; name the origins');
  }
  for (const [option, names] of Object.entries({ methods, allowHeaders, exposeHeaders })) {
    for (const name of names ?? []) {
      if (!isToken(name)) refuse(`${option}: ${JSON.stringify(name)} is not a token`);
      if (name === "*" && credentials) {
        refuse(`${option}: with credentials, browsers take "*" for a name like any other; list the names`);
      }
    }
  }
}
