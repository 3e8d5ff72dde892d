// Events for whoever watches sessions: on node:diagnostics_channel, free of cost while nobody listens. They carry
// handles, never ids: whoever reads a log must not be able to log in with it.
import { type Channel, channel } from "node:diagnostics_channel";

/** Payload of `hatcheck.session.created`, `.loaded`, `.saved`, `.regenerated`, `.destroyed`, `.expired`, and of `.bound` and `.refreshed` by a device. */
export interface SessionEvent {
  readonly handle: string;
}

/** Why a session was not given, or a change was not written. */
export type RefusalReason =
  /** A save, touch or regenerate of a session that is destroyed, expired or regenerated. */
  | "gone"
  /** A login whose stamp is not that with which the user's sessions were ended. */
  | "stamp"
  /** The data does not fit the store's schema. */
  | "schema"
  /** The data would grow over `maxBytes`. */
  | "too-large"
  /** The store holds `maxSessions` sessions of logged-in users. */
  | "full"
  /** An impersonation whose actor is not logged in any more. */
  | "actor"
  /** What the store holds under this id cannot be read. */
  | "corrupt"
  /** The session is bound to a device, and the request or a proof did not come from there. */
  | "device";

/** Payload of `hatcheck.session.skipped`: a browser says that it did not refresh a session that is bound to its device. */
export interface SessionSkipped {
  readonly handle: string | undefined;
  /** `"unreachable"`, `"server_error"`, `"quota_exceeded"`, or what browsers come to say. */
  readonly reason: string;
}

/** Payload of `hatcheck.session.refused`. */
export interface SessionRefused {
  readonly handle: string;
  readonly reason: RefusalReason;
}

/** Payload of `hatcheck.session.outage`: the store did not answer. */
export interface SessionOutage {
  readonly operation: string;
  readonly error: unknown;
}

/** Payload of `hatcheck.session.impersonated` and `.impersonation-ended`. */
export interface SessionImpersonation {
  readonly handle: string;
  /** In whose name. */
  readonly userId: string;
  /** Who really acts, and by which session. */
  readonly actor: { readonly userId: string; readonly handle: string };
}

export const impersonated: Channel<SessionImpersonation> = channel("hatcheck.session.impersonated");
export const impersonationEnded: Channel<SessionImpersonation> = channel(
  "hatcheck.session.impersonation-ended",
);
export const created: Channel<SessionEvent> = channel("hatcheck.session.created");
export const loaded: Channel<SessionEvent> = channel("hatcheck.session.loaded");
export const saved: Channel<SessionEvent> = channel("hatcheck.session.saved");
export const regenerated: Channel<SessionEvent> = channel("hatcheck.session.regenerated");
export const destroyed: Channel<SessionEvent> = channel("hatcheck.session.destroyed");
export const expired: Channel<SessionEvent> = channel("hatcheck.session.expired");
export const bound: Channel<SessionEvent> = channel("hatcheck.session.bound");
export const refreshed: Channel<SessionEvent> = channel("hatcheck.session.refreshed");
export const skipped: Channel<SessionSkipped> = channel("hatcheck.session.skipped");
export const refused: Channel<SessionRefused> = channel("hatcheck.session.refused");
export const outage: Channel<SessionOutage> = channel("hatcheck.session.outage");

/** Publishes what has become of a session, if anybody listens. */
export function announce(event: Channel<SessionEvent>, handle: string): void {
  if (event.hasSubscribers) event.publish({ handle });
}

/** Publishes why a session was not given or not written, if anybody listens. Gives nothing, which is then the answer. */
export function announceRefusal(handle: string, reason: RefusalReason): undefined {
  if (refused.hasSubscribers) refused.publish({ handle, reason });
}
