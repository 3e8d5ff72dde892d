// Who is asking: the session of a request, and the user behind it.
import { type Layer, type Request, RequestKey, Response } from "@hatcheck/core";
import type { Site, SiteSession } from "./site.ts";
import type { User } from "./users.ts";

export interface Visit {
  readonly session: SiteSession;
  readonly user: User | undefined;
}

export interface MemberVisit extends Visit {
  readonly user: User;
}

const memberVisits = new RequestKey<MemberVisit>();

/** Anybody's visit. */
export async function visitOf(req: Request, site: Site): Promise<Visit> {
  const session = await site.sessions.of(req);
  const user = session.userId === undefined ? undefined : await site.users.byId(session.userId);
  return { session, user };
}

/** A layer that lets in who is logged in, and sends everybody else to the login page. */
export const membersOnly: Layer<Site> = async (req, _conn, next, site) => {
  const { session, user } = await visitOf(req, site);
  if (user === undefined) {
    // Only a GET can be come back to.
    const query = req.method === "GET" ? `?next=${encodeURIComponent(req.path)}` : "";
    return Response.redirect(303, `/login${query}`);
  }
  memberVisits.set(req, { session, user });
  return next();
};

/** The visit of somebody who is logged in, inside of `membersOnly`. */
export function memberVisitOf(req: Request): MemberVisit {
  const visit = memberVisits.get(req);
  if (visit === undefined) throw new Error("memberVisitOf: this route is not inside of membersOnly");
  return visit;
}
