// What every handler is given: the state of the app.
import type { Mode, RequestSession, SessionLayer, UserGuard } from "@hatcheck/session";
import type { TaskStatus } from "@hatcheck/scheduler";
import type { LoginThrottle } from "@hatcheck/session/throttle";
import type { User, UserStore } from "./users.ts";

/** What a session holds; its keys and values are checked by the compiler. */
export interface SessionData {
  count: number;
  /** A message for the next page, shown once. */
  flash: string;
}

/** The site's session, on any of the four stores: what it gives is awaited, whether it comes at once or later. */
export type SiteSession = RequestSession<SessionData, Mode>;

/** What the site is made of. */
export interface SiteParts {
  readonly sessions: SessionLayer<SessionData, Mode>;
  readonly users: UserStore;
  /** Counts wrong passwords for a name, and all that costs a hash from an address. */
  readonly logins: LoginThrottle;
  /** The name of the administrator's account; empty for none. */
  readonly admin: string;
  /** What the scheduler does. */
  tasks(): readonly TaskStatus[];
}

export interface Site extends SiteParts {
  /** Lets in who is logged in, and sends everybody else to the login page. */
  readonly members: UserGuard<User, SessionData, Mode, unknown>;
  /** Lets in the administrator alone. */
  readonly admins: UserGuard<User, SessionData, Mode, unknown>;
}
