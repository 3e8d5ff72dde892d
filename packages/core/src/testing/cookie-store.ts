// What a browser does with cookies: keeps what Set-Cookie says, and sends back what a request may carry.

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

/** Takes a `Set-Cookie` value apart. @see https://www.rfc-editor.org/rfc/rfc6265#section-5.2 */
export function parseSetCookie(header: string): ReceivedCookie {
  const [pair = "", ...rest] = header.split(";");
  const [name, value] = splitPair(pair);
  const attributes = new Map<string, string>();
  for (const attribute of rest) {
    const [key, text] = splitPair(attribute);
    attributes.set(key.toLowerCase(), text);
  }
  return { name, value, attributes };
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  return equals === -1 ? [pair.trim(), ""] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
}

/**
 * The cookies of one browser. It obeys `Path`, `Domain`, `Max-Age`, `Expires`, `Secure` and the name prefixes.
 * `SameSite` has no meaning for it: all requests are those of one site.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5.3
 */
export class CookieStore {
  #cookies: StoredCookie[] = [];

  /** Keeps what a response to this URL set; what a browser would refuse is passed over. */
  receive(cookie: ReceivedCookie, url: URL): void {
    const { name, value, attributes } = cookie;
    const host = url.hostname;
    const domain = attributes.get("domain")?.replace(/^\./, "").toLowerCase() ?? "";
    if (name === "" || (domain !== "" && !isWithin(host, domain))) return;
    const path = attributes.get("path") ?? "";
    const stored: StoredCookie = {
      name,
      value,
      domain: domain === "" ? host : domain,
      hostOnly: domain === "",
      path: path.startsWith("/") ? path : url.pathname.slice(0, url.pathname.lastIndexOf("/")) || "/",
      secure: attributes.has("secure"),
      expiresAt: expiryOf(attributes),
    };
    if (stored.secure && url.protocol !== "https:") return;
    const prefix = name.toLowerCase();
    if (prefix.startsWith("__secure-") && !stored.secure) return;
    if (prefix.startsWith("__host-") && !(stored.secure && stored.hostOnly && path === "/")) return;

    const place = this.#cookies.findIndex((other) => isSamePlace(other, stored));
    if (stored.expiresAt <= Date.now()) {
      if (place !== -1) this.#cookies.splice(place, 1);
    } else if (place === -1) this.#cookies.push(stored);
    else this.#cookies[place] = stored;
  }

  /** The `Cookie` field of a request to this URL; `undefined` when there is nothing to send. */
  header(url: URL): string | undefined {
    const pairs = this.#matching(url).map(({ name, value }) => `${name}=${value}`);
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

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** `Max-Age` goes before `Expires`; without either the cookie stays for as long as the browser runs. */
function expiryOf(attributes: ReadonlyMap<string, string>): number {
  const maxAge = attributes.get("max-age") ?? "";
  if (/^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}
