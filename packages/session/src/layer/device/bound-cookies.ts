// The bound cookie: a random value, of which the record keeps a hash. It lives for minutes, and only the device gets another.
import type { ConnectionInfo, Request } from "@hatcheck/core";
import { generateSecret } from "../../model/session-id.ts";
import { type SessionCookie, type SessionCookieOptions, sessionCookieOf } from "../session-cookie.ts";
import { cookieHashOf, type GivenCookie } from "./device-record.ts";

/** Milliseconds that a bound cookie is good on the server after the browser has dropped it, for what is on its way. */
const ON_ITS_WAY_MS = 250;

/** A cookie that is to be given out, and what the record keeps of it. */
export interface NewCookie {
  readonly value: string;
  readonly given: GivenCookie;
}

/** The bound cookie of a layer, named after the session's. */
export class BoundCookies {
  readonly #cookie: SessionCookie;
  readonly #lifeMs: number;

  constructor(options: SessionCookieOptions = {}, lifeMs = 0) {
    const { name = "sid" } = options;
    this.#cookie = sessionCookieOf({ ...options, name: `${name}-device`, persistent: true });
    this.#lifeMs = lifeMs;
  }

  read(req: Request, conn: ConnectionInfo): string | undefined {
    return this.#cookie.read(req, conn);
  }

  name(conn: ConnectionInfo): string {
    return this.#cookie.name(conn);
  }

  /** The attributes by which a browser knows the cookie, as the draft wants them: all of them but its life. */
  attributes(conn: ConnectionInfo): string {
    return this.#cookie.attributes(conn);
  }

  make(now: number): NewCookie {
    const value = generateSecret();
    const expiresAt = now + this.#lifeMs + ON_ITS_WAY_MS;
    return { value, given: { hash: cookieHashOf(value), expiresAt } };
  }

  set(conn: ConnectionInfo, { value }: NewCookie): string {
    const maxAgeSeconds = Math.ceil(this.#lifeMs / 1000);
    return this.#cookie.set(conn, { id: value, maxAgeSeconds, persistent: true });
  }

  clear(conn: ConnectionInfo): string {
    return this.#cookie.clear(conn);
  }
}
