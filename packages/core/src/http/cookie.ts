// Reading the Cookie field and writing the Set-Cookie field.
import {
  type Checks,
  checkOptions,
  isBoolean,
  isString,
  numberThat,
  objectThat,
  oneOf,
} from "../options/check.ts";

/**
 * Cookies are defined twice: servers must write the strict grammar, and must read what browsers really send.
 *
 *     cookie-pair  = cookie-name "=" cookie-value
 *     cookie-name  = token
 *     cookie-value = *cookie-octet / ( DQUOTE *cookie-octet DQUOTE )
 *     cookie-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
 */
const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const COOKIE_VALUE =
  /^(?:[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*|"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")$/;
/** `path-value` and `domain-value`: any character but controls and ";". */
const ATTRIBUTE_VALUE = /^[\x20-\x3a\x3c-\x7e]*$/;

/** What browsers keep. @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.6 */
const MOST_BYTES = 4096;
const MOST_ATTRIBUTE_BYTES = 1024;

const ATTRIBUTES: Checks = {
  path: isString,
  domain: isString,
  maxAge: numberThat("a whole number of seconds", Number.isSafeInteger),
  expires: objectThat("a Date", (value) => value instanceof Date),
  httpOnly: isBoolean,
  secure: isBoolean,
  sameSite: oneOf("Strict", "Lax", "None"),
  partitioned: isBoolean,
};

const EQUALS = 61;
const SPACE = 32;
const TAB = 9;

/**
 * The value of one cookie in a `Cookie` field, in one pass that stops at the first cookie of that name.
 * A browser sends the cookie with the longest path first, so the first is the most specific one.
 * The value is returned as sent, neither unquoted nor decoded.
 */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  const first = name.charCodeAt(0);
  let start = 0;
  while (start < header.length) {
    let end = header.indexOf(";", start);
    if (end === -1) end = header.length;
    let from = start;
    while (isBlank(header.charCodeAt(from))) from += 1;
    if (header.charCodeAt(from) === first && header.startsWith(name, from)) {
      let at = from + name.length;
      while (at < end && isBlank(header.charCodeAt(at))) at += 1;
      if (header.charCodeAt(at) === EQUALS && at < end) return trimmed(header, at + 1, end);
    }
    start = end + 1;
  }
  return undefined;
}

/** Part of a text, without the blanks around it: `trim` would take away characters that are part of a name or a value. */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** One cookie, as a request carries it. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
}

/** The cookies of a request, in the order in which they were sent; names may repeat. */
export class CookieJar {
  readonly cookies: readonly Cookie[];

  constructor(cookies: readonly Cookie[] = []) {
    this.cookies = cookies;
  }

  /** Parses the value of a `Cookie` field; what is not a pair is passed over, as browsers' own junk must be. */
  static parse(header: string): CookieJar {
    const cookies: Cookie[] = [];
    for (const pair of header.split(";")) {
      const equals = pair.indexOf("=");
      if (equals === -1) continue;
      const name = trimmed(pair, 0, equals);
      if (name !== "") cookies.push({ name, value: trimmed(pair, equals + 1, pair.length) });
    }
    return new CookieJar(cookies);
  }

  /** The first cookie of this name, the one with the most specific path. */
  get(name: string): Cookie | undefined {
    return this.cookies.find((cookie) => cookie.name === name);
  }

  /** Every cookie of this name. */
  getAll(name: string): readonly Cookie[] {
    return this.cookies.filter((cookie) => cookie.name === name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get size(): number {
    return this.cookies.length;
  }

  [Symbol.iterator](): IterableIterator<Cookie> {
    return this.cookies[Symbol.iterator]();
  }
}

/** What a cookie may be limited to. All are optional; contradictions are refused when the cookie is written. */
export interface SetCookieAttributes {
  /** Where the cookie is sent: this path and what lies below it. */
  path?: string;
  /** The host and all its subdomains. Without it the cookie goes back to this very host alone, which is safer. */
  domain?: string;
  /** Seconds until the browser forgets the cookie; 0 or less forgets it now. Without it, it lives as long as the browser. */
  maxAge?: number;
  /** The same as a point in time, for clients that predate Max-Age. */
  expires?: Date;
  /** Hidden from scripts. */
  httpOnly?: boolean;
  /** Sent over TLS alone. */
  secure?: boolean;
  /** Whether requests that other sites start carry it. */
  sameSite?: "Strict" | "Lax" | "None";
  /** Kept apart for every top-level site (CHIPS). */
  partitioned?: boolean;
}

/**
 * A `Set-Cookie` field, whose {@link SetCookie.toString} is its value.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/ for SameSite and the name prefixes
 */
export class SetCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: Readonly<SetCookieAttributes>;

  /** @throws TypeError for what no browser would store, or for attributes that contradict each other. */
  constructor(name: string, value: string, attributes: SetCookieAttributes = {}) {
    assertCookie(name, value, attributes);
    this.name = name;
    this.value = value;
    this.attributes = attributes;
  }

  /** A copy with these attributes changed. */
  with(attributes: SetCookieAttributes): SetCookie {
    return new SetCookie(this.name, this.value, { ...this.attributes, ...attributes });
  }

  toString(): string {
    return `${this.name}=${this.value}${attributesToString(this.attributes)}`;
  }
}

/** The attributes as they follow `name=value`; a caller with fixed attributes computes them once. */
export function attributesToString(attributes: SetCookieAttributes): string {
  const { path, domain, maxAge, expires, httpOnly, secure, sameSite, partitioned } = attributes;
  let text = "";
  if (domain !== undefined) text += `; Domain=${domain}`;
  if (path !== undefined) text += `; Path=${path}`;
  if (maxAge !== undefined) text += `; Max-Age=${maxAge}`;
  if (expires !== undefined) text += `; Expires=${expires.toUTCString()}`;
  if (httpOnly) text += "; HttpOnly";
  if (secure) text += "; Secure";
  if (sameSite !== undefined) text += `; SameSite=${sameSite}`;
  if (partitioned) text += "; Partitioned";
  return text;
}

/** @throws TypeError that says which part is wrong and what to do. */
export function assertCookie(name: string, value: string, attributes: SetCookieAttributes): void {
  checkOptions("Cookie attributes", attributes, ATTRIBUTES);
  const { path, domain, maxAge, expires, httpOnly, secure, sameSite, partitioned } = attributes;
  const refuse = (problem: string): never => {
    throw new TypeError(`Cookie ${JSON.stringify(name)}: ${problem}`);
  };
  if (!COOKIE_NAME.test(name)) refuse("the name is not a token (RFC 6265, section 4.1.1)");
  if (!COOKIE_VALUE.test(value)) {
    refuse(
      "the value holds a character that a cookie cannot carry; encode it, for instance with encodeURIComponent",
    );
  }
  if (path !== undefined && (!path.startsWith("/") || !ATTRIBUTE_VALUE.test(path))) {
    refuse('the path must start with "/" and hold no ";" or control character');
  }
  if (domain !== undefined && (domain === "" || !/^[A-Za-z0-9.-]+$/.test(domain))) {
    refuse("the domain must be a host name");
  }
  if (maxAge !== undefined && !Number.isSafeInteger(maxAge))
    refuse("maxAge must be a whole number of seconds");
  if (expires !== undefined && Number.isNaN(expires.getTime())) refuse("expires is not a valid date");
  if (name.length + value.length > MOST_BYTES) {
    refuse(
      `name and value have ${name.length + value.length} bytes; browsers drop cookies of more than ${MOST_BYTES}. Keep the data in a session`,
    );
  }
  if ((path?.length ?? 0) > MOST_ATTRIBUTE_BYTES || (domain?.length ?? 0) > MOST_ATTRIBUTE_BYTES)
    refuse(`browsers pass over an attribute of more than ${MOST_ATTRIBUTE_BYTES} bytes`);
  if (sameSite === "None" && !secure) refuse("SameSite=None needs secure: true, or browsers refuse it");
  if (partitioned && !secure) refuse("Partitioned needs secure: true, or browsers refuse it");
  const lower = name.toLowerCase();
  if (lower.startsWith("__secure-") && !secure) refuse("the __Secure- prefix needs secure: true");
  if (lower.startsWith("__host-") && (!secure || path !== "/" || domain !== undefined)) {
    refuse('the __Host- prefix needs secure: true, path "/" and no domain');
  }
  if ((lower.startsWith("__http-") || lower.startsWith("__host-http-")) && !(secure && httpOnly))
    refuse("the __Http- prefix needs secure: true and httpOnly: true");
}
