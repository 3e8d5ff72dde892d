// An impersonation lasts no longer than the session of whoever acts: when that has ended, it opens nothing and ends too.
import { refused } from "../model/events.ts";
import type { JsonData } from "../model/json.ts";
import { andThen } from "../model/maybe-promise.ts";
import type { Session } from "../model/session.ts";
import type { Mode, SessionEntry, Store } from "../model/store.ts";

/** The session, unless it is an impersonation whose actor is not logged in any more. Most are none, and cost nothing here. */
export function withLivingActor<Data extends JsonData<Data>, M extends Mode>(
  store: Store<Data, M>,
  session: Session<Data>,
): Session<Data> | undefined | Promise<Session<Data> | undefined> {
  const { actor } = session;
  if (actor === undefined) return session;
  const listed = store.listByUser(actor.userId) as readonly SessionEntry[] | Promise<readonly SessionEntry[]>;
  return andThen<readonly SessionEntry[], Session<Data> | undefined>(listed, (entries) => {
    if (entries.some(({ handle }) => handle === actor.handle)) return session;
    if (refused.hasSubscribers) refused.publish({ handle: session.handle, reason: "actor" });
    return andThen<boolean, undefined>(store.destroy(session), () => undefined);
  });
}
