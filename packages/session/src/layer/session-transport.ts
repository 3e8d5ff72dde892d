// How a client holds its session, in a cookie or as a bearer token, and how it is told of a new id.
import { Header, type ConnectionInfo, type Request, type Response } from "@hatcheck/core";
import type { JsonData } from "../model/json.ts";
import { isWellFormedId } from "../model/session-id.ts";
import { type Session, stateOf } from "../model/session.ts";
import type { Mode } from "../model/store.ts";
import {
  type SessionCookie,
  type SessionCookieOptions,
  sessionCookieOf,
  type Ticket,
} from "./session-cookie.ts";
import type { Outcome, SessionPlan } from "./session-plan.ts";

/** What a request shows. */
export interface Shown {
  /** Whether it is by a token: its cookies are not looked at then. */
  readonly isBearer: boolean;
  /** Whether it has a cookie of this layer, be it nonsense. */
  readonly hasCookie: boolean;
  /** What could be an id. */
  readonly id: string | undefined;
}

const BY_COOKIE = Header.constant("Vary", "Cookie");
const BY_COOKIE_OR_TOKEN = Header.constant("Vary", "Cookie, Authorization");
/** RFC 6750, section 2.1; nothing else is an id. */
const BEARER = /^bearer(?:[ ]+([A-Za-z0-9._~+/-]{1,256}))?[ ]*$/i;
const BY_TOKEN = /^bearer(?:[ ,]|$)/i;

export class SessionTransport {
  readonly #cookie: SessionCookie;
  /** Holds the id to which an impersonation goes back. */
  readonly #actorCookie: SessionCookie;
  readonly takesBearer: boolean;
  readonly vary: Header;

  constructor(cookie: SessionCookie, options: SessionCookieOptions | undefined, takesBearer: boolean) {
    this.#cookie = cookie;
    this.#actorCookie = sessionCookieOf({ ...options, name: `${options?.name ?? "sid"}-actor` });
    this.takesBearer = takesBearer;
    this.vary = takesBearer ? BY_COOKIE_OR_TOKEN : BY_COOKIE;
  }

  read(req: Request, conn: ConnectionInfo): Shown {
    if (this.takesBearer) {
      const authorization = req.header("authorization");
      if (authorization !== undefined && BY_TOKEN.test(authorization)) {
        const token = BEARER.exec(authorization)?.[1];
        return { isBearer: true, hasCookie: false, id: isWellFormedId(token) ? token : undefined };
      }
    }
    const value = this.#cookie.read(req, conn);
    return { isBearer: false, hasCookie: value !== undefined, id: isWellFormedId(value) ? value : undefined };
  }

  /** The id in the cookie. */
  readCookie(req: Request, conn: ConnectionInfo): string | undefined {
    const value = this.#cookie.read(req, conn);
    return isWellFormedId(value) ? value : undefined;
  }

  /** The id of the session to which an impersonation goes back. */
  readActor(req: Request, conn: ConnectionInfo): string | undefined {
    const value = this.#actorCookie.read(req, conn);
    return isWellFormedId(value) ? value : undefined;
  }

  /** Tells the client what became of its id. */
  tell<Data extends JsonData<Data>, M extends Mode>(
    answer: Response,
    conn: ConnectionInfo,
    shown: Shown,
    plan: SessionPlan<Data, M>,
    outcome: Outcome,
  ): void {
    if (outcome === "unchanged") return;
    if (shown.isBearer || plan.login?.bearer === true) {
      if (outcome === "set") answer.headers.push(new Header("Session-Token", plan.session.id));
      return;
    }
    if (outcome === "set") answer.headers.push(fieldOf(this.#cookie.set(conn, ticketOf(plan.session))));
    else if (shown.hasCookie) answer.headers.push(fieldOf(this.#cookie.clear(conn)));
    if (plan.actorCookie === "clear") answer.headers.push(fieldOf(this.#actorCookie.clear(conn)));
    if (plan.actorCookie === "set" && plan.acting !== undefined) {
      answer.headers.push(fieldOf(this.#actorCookie.set(conn, ticketOf(plan.acting))));
    }
  }
}

function fieldOf(value: string): Header {
  return { name: "Set-Cookie", value };
}

/** L6: the cookie lives as long as the session may at most, by the store's clock; the idle timeout is the server's business. */
function ticketOf<Data extends JsonData<Data>>(session: Session<Data>): Ticket {
  const { id, expiresAt, now, login } = stateOf(session);
  const maxAgeSeconds = Math.max(0, Math.ceil((expiresAt - now()) / 1000));
  return { id, maxAgeSeconds, persistent: login?.persistent };
}
