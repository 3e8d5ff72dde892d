// Who is asking: the session of a request, and the user behind it.
import type { Request } from "@hatcheck/core";
import type { Mode, UserVisit } from "@hatcheck/session";
import type { SessionData, Site, SiteSession } from "./site.ts";
import type { User } from "./users.ts";

export interface Visit {
  readonly session: SiteSession;
  readonly user: User | undefined;
}

/** The visit of somebody who is logged in. */
export type MemberVisit = UserVisit<User, SessionData, Mode>;

/** Anybody's visit. */
export async function visitOf(req: Request, site: Site): Promise<Visit> {
  const session = await site.sessions.of(req);
  const user = session.userId === undefined ? undefined : await site.users.byId(session.userId);
  return { session, user };
}
