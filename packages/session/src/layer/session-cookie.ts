// The cookie of a session layer: which name and which attributes, decided when the layer is made.
import {
  assertCookie,
  attributesToString,
  type ConnectionInfo,
  cookieValue,
  type Request,
  type SetCookieAttributes,
} from "@hatcheck/core";
import { type Checks, isBoolean, isString, oneOf } from "@hatcheck/core/options";

export interface SessionCookieOptions {
  /** `"sid"` unless given. Over TLS it is sent as `__Host-sid`, which no other host and no plain HTTP can overwrite. */
  name?: string;
  /**
   * Whether the cookie is `Secure`. Unless given, it is when the request came over TLS, be it to a proxy that
   * `trustProxy` trusts.
   */
  secure?: boolean;
  /** `"Lax"` unless given. */
  sameSite?: "Strict" | "Lax" | "None";
  /** Shares the cookie with subdomains, which gives up the `__Host-` prefix. */
  domain?: string;
  /** `"/"` unless given; another gives up the `__Host-` prefix. */
  path?: string;
  /** Keeps the cookie apart for every top-level site (CHIPS). Needs `secure: true`. */
  partitioned?: boolean;
  /** `false` lets the browser forget the cookie when it is closed. */
  persistent?: boolean;
}

/** What the cookie says. */
export interface Ticket {
  readonly id: string;
  readonly maxAgeSeconds: number;
  /** Whether it outlives the browser; as the options say where it is `undefined`. */
  readonly persistent: boolean | undefined;
}

/** How a session's cookie is read and written. */
export interface SessionCookie {
  /** What the request carries, which need not be an id; `undefined` when there is no such cookie. */
  read(req: Request, conn: ConnectionInfo): string | undefined;
  /** Its name, over TLS or without. */
  name(conn: ConnectionInfo): string;
  /** The value of the field that sets it. */
  set(conn: ConnectionInfo, ticket: Ticket): string;
  /** The value of the field that makes the browser forget it. */
  clear(conn: ConnectionInfo): string;
  /** Its attributes but for its life, as `set` spells them. */
  attributes(conn: ConnectionInfo): string;
}

/** One of the two forms of the cookie: over TLS, and without. */
interface Form {
  readonly name: string;
  /** What stands before and after Max-Age. */
  readonly before: string;
  readonly after: string;
}

/** What can be said of the cookie. */
export const COOKIE_OPTIONS: Checks = {
  name: isString,
  secure: (value, label) => {
    if (value === "auto") {
      throw new TypeError(`${label} is automatic when it is left out; got "auto"`);
    }
    isBoolean(value, label);
  },
  sameSite: oneOf("Strict", "Lax", "None"),
  domain: isString,
  path: isString,
  partitioned: isBoolean,
  persistent: isBoolean,
};

/** @throws TypeError when options contradict each other, or could never make a cookie that browsers take. */
export function sessionCookieOf(options: SessionCookieOptions = {}): SessionCookie {
  const { name = "sid", secure, persistent = true } = options;
  if ((options.sameSite === "None" || options.partitioned) && secure !== true) {
    throw new TypeError(
      `sessionLayer: cookie "${name}" with SameSite=None or Partitioned needs secure: true`,
    );
  }
  const overTls = formOf(name, options, true);
  const plain = secure === true ? overTls : formOf(name, options, false);
  const formFor = (conn: ConnectionInfo): Form => {
    if (secure !== undefined) return secure ? overTls : plain;
    return conn.scheme === "https" ? overTls : plain;
  };
  return {
    read: (req, conn) => cookieValue(req.header("cookie"), formFor(conn).name),
    name: (conn) => formFor(conn).name,
    set: (conn, ticket) => {
      const form = formFor(conn);
      const maxAge = (ticket.persistent ?? persistent) ? `; Max-Age=${ticket.maxAgeSeconds}` : "";
      return `${form.name}=${ticket.id}${form.before}${maxAge}${form.after}`;
    },
    clear: (conn) => {
      const form = formFor(conn);
      return `${form.name}=${form.before}; Max-Age=0${form.after}`;
    },
    attributes: (conn) => {
      const form = formFor(conn);
      return `${form.before}${form.after}`.slice(2);
    },
  };
}

function formOf(baseName: string, options: SessionCookieOptions, secure: boolean): Form {
  const { domain, path = "/", sameSite = "Lax", partitioned = false } = options;
  const prefixed = secure && domain === undefined && path === "/" && !/^__(?:host|secure)-/i.test(baseName);
  const name = prefixed ? `__Host-${baseName}` : baseName;
  const where: SetCookieAttributes = { path, ...(domain !== undefined && { domain }) };
  const how: SetCookieAttributes = { httpOnly: true, secure, sameSite, ...(partitioned && { partitioned }) };
  assertCookie(name, "", { ...where, ...how });
  return { name, before: attributesToString(where), after: attributesToString(how) };
}
