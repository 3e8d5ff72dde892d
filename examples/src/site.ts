// What every handler is given: the state of the app.
import type { Mode, RequestSession, SessionLayer } from "@hatcheck/session";
import type { Attempts } from "./attempts.ts";
import type { UserStore } from "./users.ts";

/** What a session holds; its keys and values are checked by the compiler. */
export interface SessionData {
  count: number;
  /** A message for the next page, shown once. */
  flash: string;
}

/** The site's session, on any of the four stores: what it gives is awaited, whether it comes at once or later. */
export type SiteSession = RequestSession<SessionData, Mode>;

export interface Site {
  readonly sessions: SessionLayer<SessionData, Mode>;
  readonly users: UserStore;
  /** Wrong passwords for a name. */
  readonly attemptsByName: Attempts;
  /** Wrong passwords, and new accounts, from an address. */
  readonly attemptsByAddress: Attempts;
}
