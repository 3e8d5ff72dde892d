// What a browser does with cookies: keeps what Set-Cookie says, and sends back what a request may carry.
import { isIP } from "node:net";
import { parseCookieDate } from "./cookie-date.ts";

/** A cookie as a response set it. */
export interface ReceivedCookie {
  readonly name: string;
  readonly value: string;
  /** Names in lower case; `""` for those without a value, such as `httponly`. */
  readonly attributes: ReadonlyMap<string, string>;
}

interface StoredCookie {
  readonly name: string;
  readonly value: string;
  /** The host that set it, or with `Domain` the domain that it goes to. */
  readonly domain: string;
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What browsers keep, in bytes. */
const MOST_BYTES = 4096;
const MOST_ATTRIBUTE_BYTES = 1024;

/**
 * Takes a `Set-Cookie` value apart, as browsers do. What they pass over is not among the attributes.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.6
 */
export function parseSetCookie(header: string): ReceivedCookie {
  const [pair = "", ...rest] = header.split(";");
  const equals = pair.indexOf("=");
  const name = trim(pair.slice(0, Math.max(equals, 0)));
  const value = trim(pair.slice(equals + 1));
  const attributes = new Map<string, string>();
  for (const attribute of rest) {
    const at = attribute.indexOf("=");
    const key = trim(at === -1 ? attribute : attribute.slice(0, at)).toLowerCase();
    const text = at === -1 ? "" : trim(attribute.slice(at + 1));
    if (text.length <= MOST_ATTRIBUTE_BYTES && isUnderstood(key, text)) attributes.set(key, text);
  }
  return { name, value, attributes };
}

/** `trim` would take away characters that are part of a value. */
function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** A time that is none does not take the place of an earlier one that is. */
function isUnderstood(key: string, text: string): boolean {
  if (key === "max-age") return /^-?\d+$/.test(text);
  return key !== "expires" || parseCookieDate(text) !== undefined;
}

/**
 * The cookies of one browser. It obeys `Path`, `Domain`, `Max-Age`, `Expires`, `Secure` and the name prefixes.
 * `SameSite` has no meaning for it: all requests are those of one site.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.7
 */
export class CookieStore {
  #cookies: StoredCookie[] = [];

  /** Keeps what a response to this URL set; what a browser would refuse is passed over. */
  receive(cookie: ReceivedCookie, url: URL): void {
    const { name, value, attributes } = cookie;
    if ((name === "" && value === "") || name.length + value.length > MOST_BYTES) return;
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(name + value)) return;
    const host = url.hostname;
    const asked = attributes.get("domain")?.replace(/^\./, "").toLowerCase() ?? "";
    if (asked !== "" && !isWithin(host, asked)) return;
    // A name without a dot is a registry's: nobody's own, unless it is the very host.
    if (asked !== "" && !asked.includes(".") && asked !== host) return;
    const domain = asked.includes(".") ? asked : "";
    const path = attributes.get("path") ?? "";
    const stored: StoredCookie = {
      name,
      value,
      domain: domain === "" ? host : domain,
      hostOnly: domain === "",
      path: path.startsWith("/") ? path : defaultPath(url),
      secure: attributes.has("secure"),
      expiresAt: expiryOf(attributes),
    };
    const isTls = url.protocol === "https:";
    if (stored.secure && !isTls) return;
    if (!isTls && this.#cookies.some((other) => other.secure && wouldHide(stored, other))) return;
    if (!keepsPromise(stored, attributes)) return;

    const place = this.#cookies.findIndex((other) => isSamePlace(other, stored));
    if (stored.expiresAt <= Date.now()) {
      if (place !== -1) this.#cookies.splice(place, 1);
    } else if (place === -1) this.#cookies.push(stored);
    else this.#cookies[place] = stored;
  }

  /** The `Cookie` field of a request to this URL; `undefined` when there is nothing to send. */
  header(url: URL): string | undefined {
    const pairs = this.#matching(url).map(({ name, value }) => (name === "" ? value : `${name}=${value}`));
    return pairs.length === 0 ? undefined : pairs.join("; ");
  }

  /** The value of the cookie of this name that a request to this URL would carry. */
  get(name: string, url: URL): string | undefined {
    return this.#matching(url).find((cookie) => cookie.name === name)?.value;
  }

  clear(): void {
    this.#cookies = [];
  }

  /** Those with the longest path go first, and among equals the older. */
  #matching(url: URL): StoredCookie[] {
    this.#cookies = this.#cookies.filter(({ expiresAt }) => expiresAt > Date.now());
    return this.#cookies
      .filter(
        ({ domain, hostOnly, path, secure }) =>
          (hostOnly ? url.hostname === domain : isWithin(url.hostname, domain)) &&
          isBelow(url.pathname, path) &&
          (!secure || url.protocol === "https:"),
      )
      .toSorted((a, b) => b.path.length - a.path.length);
  }
}

function isSamePlace(a: StoredCookie, b: StoredCookie): boolean {
  return a.name === b.name && a.domain === b.domain && a.hostOnly === b.hostOnly && a.path === b.path;
}

/** Whether a cookie that came in the clear would be taken for one that came over TLS. */
function wouldHide(stored: StoredCookie, other: StoredCookie): boolean {
  return (
    stored.name === other.name &&
    (isWithin(stored.domain, other.domain) || isWithin(other.domain, stored.domain)) &&
    isBelow(stored.path, other.path)
  );
}

/** What a name promises, its attributes keep. A value without a name could be sent as one that has it. */
function keepsPromise(stored: StoredCookie, attributes: ReadonlyMap<string, string>): boolean {
  const name = (stored.name === "" ? stored.value : stored.name).toLowerCase();
  const prefix = /^__(?:host-http|host|http|secure)-/.exec(name)?.[0] ?? "";
  if (prefix === "") return true;
  if (stored.name === "" || !stored.secure) return false;
  if (prefix.startsWith("__host-") && !(stored.hostOnly && attributes.get("path") === "/")) return false;
  return !prefix.endsWith("http-") || attributes.has("httponly");
}

/** The folder of the request. */
function defaultPath({ pathname }: URL): string {
  return pathname.slice(0, pathname.lastIndexOf("/")) || "/";
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && isIP(host) === 0);
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** `Max-Age` goes before `Expires`; without either the cookie stays for as long as the browser runs. */
function expiryOf(attributes: ReadonlyMap<string, string>): number {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined) return Date.now() + Number(maxAge) * 1000;
  return parseCookieDate(attributes.get("expires") ?? "") ?? Number.POSITIVE_INFINITY;
}
