// Fields that switch off what browsers allow for the sake of the past.
import { randomBytes } from "node:crypto";
import type { Layer } from "../app/handler.ts";
import { Header, isSameName, isToken } from "../http/header.ts";
import { type Request } from "../message/request.ts";
import { RequestKey } from "../message/request-key.ts";
import {
  type Checks,
  checkOptions,
  isBoolean,
  isString,
  listOf,
  objectThat,
  oneOf,
  orFalse,
  wholeNumber,
} from "../options/check.ts";
import { after } from "./after.ts";

export interface SecurityHeadersOptions {
  /**
   * Directives with their sources, in place of the default
   * `base-uri 'self'; frame-ancestors 'self'; object-src 'none'`. The source {@link NONCE} becomes the request's nonce.
   */
  contentSecurityPolicy?: Readonly<Record<string, readonly string[]>> | false;
  /** Sends the policy as one that browsers report against and do not enforce. Off unless given. */
  reportOnly?: boolean;
  /** Over https alone: `maxAge` in seconds, one year unless given. Subdomains are left out unless asked for. */
  strictTransportSecurity?: { maxAge?: number; includeSubDomains?: boolean; preload?: boolean } | false;
  /** `strict-origin-when-cross-origin` unless given. `no-referrer` makes browsers send `Origin: null` to yourself. */
  referrerPolicy?: string | false;
  /** `SAMEORIGIN` unless given; for browsers that predate `frame-ancestors`. */
  frameOptions?: "DENY" | "SAMEORIGIN" | false;
  /** `same-origin` unless given; `same-origin-allow-popups` where a login opens another site's window. */
  crossOriginOpenerPolicy?: string | false;
  /** `same-origin` unless given; `cross-origin` where other sites may embed your images and scripts. */
  crossOriginResourcePolicy?: string | false;
  /** Not sent unless given: `"camera=(), microphone=()"`. */
  permissionsPolicy?: string | false;
}

/** Stands for `'nonce-…'`, new for each request, among the sources of a directive. */
export const NONCE = "'nonce'";

const nonces = new RequestKey<string>();

/** The nonce of this request, for `<script nonce="…">`: 128 random bits. It is made when it is first asked for. */
export function cspNonce(req: Request): string {
  let nonce = nonces.get(req);
  if (nonce === undefined) nonces.set(req, (nonce = randomBytes(16).toString("base64")));
  return nonce;
}

const DEFAULT_POLICY = { "base-uri": ["'self'"], "frame-ancestors": ["'self'"], "object-src": ["'none'"] };

const TRANSPORT: Checks = {
  maxAge: wholeNumber(" of seconds", 0),
  includeSubDomains: isBoolean,
  preload: isBoolean,
};
const OPTIONS: Checks = {
  contentSecurityPolicy: orFalse((value, label) => {
    objectThat("an object of directives, each with a list of sources")(value, label);
    for (const [directive, sources] of Object.entries(value as object))
      listOf("sources", isString)(sources, `${label}[${JSON.stringify(directive)}]`);
  }),
  reportOnly: isBoolean,
  strictTransportSecurity: orFalse((value) => {
    checkOptions("securityHeaders", value, TRANSPORT, { within: "strictTransportSecurity" });
  }),
  referrerPolicy: orFalse(isString),
  frameOptions: orFalse(oneOf("DENY", "SAMEORIGIN")),
  crossOriginOpenerPolicy: orFalse(isString),
  crossOriginResourcePolicy: orFalse(isString),
  permissionsPolicy: orFalse(isString),
};

/**
 * A layer that sets security fields on every response. A field that the handler has set is left as it is.
 *
 * @throws TypeError for a value that no field, or a directive that no policy, can hold.
 * @see https://www.w3.org/TR/CSP3/
 * @see https://www.rfc-editor.org/rfc/rfc6797 for Strict-Transport-Security
 */
export function securityHeaders(options: SecurityHeadersOptions = {}): Layer {
  checkOptions("securityHeaders", options, OPTIONS);
  const { contentSecurityPolicy = DEFAULT_POLICY, reportOnly = false } = options;
  const fields = fixedFields(options);
  const overHttps = [...fields, ...transportSecurity(options)];
  const policy = contentSecurityPolicy === false ? undefined : serialisePolicy(contentSecurityPolicy);
  const policyName = reportOnly ? "Content-Security-Policy-Report-Only" : "Content-Security-Policy";
  const hasNonce = policy?.includes(NONCE) ?? false;
  if (policy !== undefined && !hasNonce) {
    const field = Header.constant(policyName, policy);
    fields.push(field);
    overHttps.push(field);
  }

  const isOurs = new Set([...overHttps, { name: policyName }].map(({ name }) => name.toLowerCase()));

  return (req, conn, next) =>
    after(next(), (response) => {
      const changed = response.clone();
      // Most responses have none of these: one look at each of their fields is all that it takes.
      const own = response.headers.filter(({ name }) => isOurs.has(name.toLowerCase()));
      for (const field of conn.scheme === "https" ? overHttps : fields) {
        if (own.length === 0 || !has(own, field.name)) changed.headers.push(field);
      }
      if (hasNonce && policy !== undefined && !has(own, policyName)) {
        const value = policy.replaceAll(NONCE, `'nonce-${cspNonce(req)}'`);
        changed.headers.push({ name: policyName, value });
      }
      return changed;
    });
}

function has(headers: readonly Header[], name: string): boolean {
  return headers.some((header) => isSameName(header.name, name));
}

function fixedFields({
  referrerPolicy = "strict-origin-when-cross-origin",
  frameOptions = "SAMEORIGIN",
  crossOriginOpenerPolicy = "same-origin",
  crossOriginResourcePolicy = "same-origin",
  permissionsPolicy = false,
}: SecurityHeadersOptions): Header[] {
  const values: [string, string | false][] = [
    ["X-Content-Type-Options", "nosniff"],
    ["Referrer-Policy", referrerPolicy],
    ["X-Frame-Options", frameOptions],
    ["Cross-Origin-Opener-Policy", crossOriginOpenerPolicy],
    ["Cross-Origin-Resource-Policy", crossOriginResourcePolicy],
    ["Permissions-Policy", permissionsPolicy],
  ];
  return values.flatMap(([name, value]) => (value === false ? [] : [Header.constant(name, value)]));
}

function transportSecurity({ strictTransportSecurity = {} }: SecurityHeadersOptions): Header[] {
  if (strictTransportSecurity === false) return [];
  const { maxAge = 31_536_000, includeSubDomains = false, preload = false } = strictTransportSecurity;
  if (preload && (!includeSubDomains || maxAge < 31_536_000)) {
    throw new TypeError("securityHeaders: preload needs includeSubDomains and a maxAge of a year at least");
  }
  const value = `max-age=${maxAge}${includeSubDomains ? "; includeSubDomains" : ""}${preload ? "; preload" : ""}`;
  return [Header.constant("Strict-Transport-Security", value)];
}

function serialisePolicy(policy: Readonly<Record<string, readonly string[]>>): string {
  const directives = Object.entries(policy).map(([directive, sources]) => {
    if (!isToken(directive) || sources.some((source) => !/^[\x21-\x2b\x2d-\x3a\x3c-\x7e]+$/.test(source))) {
      throw new TypeError(
        `securityHeaders: ${JSON.stringify(directive)} is no directive with a list of sources; a source holds no space, "," or ";"`,
      );
    }
    return [directive, ...sources].join(" ");
  });
  return directives.join("; ");
}
