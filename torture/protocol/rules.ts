// What no step may do, and no state may be: L1 to L6 of docs/sessions.md.
import { type Entry, opens, type Request, type State } from "./protocol.ts";
import type { Step } from "./steps.ts";

/** What is remembered beside the state, because a rule speaks of what came before. */
export interface Memory {
  /** Ids that have reached the browser, one bit each. */
  readonly received: number;
  /** Whether a request of the browser has ended its session. */
  readonly hasLeft: boolean;
  /** Of each session, the ids from before renewals that must still open it: the oldest first. */
  readonly owed: readonly (readonly number[])[];
}

export function remember(start: State): Memory {
  return { received: start.browser === 0 ? 0 : 1 << start.browser, hasLeft: false, owed: [[]] };
}

/** What is remembered after a step. */
export function after(memory: Memory, from: State, { what, who, to }: Step): Memory {
  const request = from.requests[who];
  const owed = to.entries.map((entry, index) => {
    const before = from.entries[index];
    const known = memory.owed[index] ?? [];
    if (before === undefined || entry.hasEnded) return [];
    if (what === "commit" && entry.id !== before.id)
      return request?.kind === "renew" ? [...known, before.id] : [];
    return what === "time" && entry.former !== before.former ? known.slice(1) : known;
  });
  const isOfBrowser = request?.by === "browser";
  const isDelivered = what === "deliver" && isOfBrowser && request.sets > 0;
  const leaves = request?.kind === "logout" || request?.kind === "destroyByUser";
  return {
    received: isDelivered ? memory.received | (1 << request.sets) : memory.received,
    hasLeft: memory.hasLeft || (what === "commit" && isOfBrowser && leaves),
    owed,
  };
}

/** Which rule a step breaks. */
export function brokenBy(memory: Memory, from: State, step: Step): string | undefined {
  const { what, who, to } = step;
  const request = from.requests[who];
  if (what === "open") {
    const index = memory.owed.findIndex((ids) => ids.includes(request?.cookie ?? 0));
    if (index !== -1 && to.requests[who]?.index !== index)
      return "L5: a renewal has cost another request its session";
  }
  if (from.entries.some(({ hasEnded }, index) => hasEnded && to.entries[index]?.hasEnded === false)) {
    return "L2: an ended session lives again";
  }
  if (what !== "commit" || request === undefined) return undefined;
  return brokenByCommit(from, to, request, step.status ?? 0, to.requests[who]?.sets ?? 0);
}

function brokenByCommit(
  from: State,
  to: State,
  { kind, index, cookie, user, isRetired }: Request,
  status: number,
  sets: number,
): string | undefined {
  const before = from.entries[index];
  const now = to.entries[index];
  const isDone = status === 200;
  if (!isDone && sets !== 0) return "L1: what was not done sets a cookie";
  if (!isDone && from.entries.some((entry, at) => entry !== to.entries[at]))
    return "L1: what was refused was done";
  if (kind === "set" && isDone && (now === undefined || now.hasEnded || !opens(now, cookie))) {
    return "L1: a change that was not stored was acknowledged";
  }
  if (status === 409 && !mayBeRefused(from, before, cookie, kind))
    return "L1: what could be done was refused";
  if (kind === "logout" && now?.hasEnded === false) return "L2: a session outlives its logout";
  if (kind === "destroyByUser" && user !== 0 && to.entries.some((it) => it.user === user && !it.hasEnded)) {
    return "L2: a session outlives the end of all of its user's";
  }
  if (kind === "login" || kind === "loginOther") {
    if (isDone && user !== 0 && before?.hasEnded) return "L2: a login brings back a session that had ended";
    if (isDone && to.entries.some((entry) => !entry.hasEnded && opens(entry, cookie))) {
      return "L3: an id from before the login opens the session after it";
    }
  }
  if (kind === "regenerate" && isDone && now !== undefined && opens(now, cookie)) {
    return "L5: the id before a regeneration opens the session after it";
  }
  if (isRetired && sets !== 0) return "L5: a request under a retired id sets a cookie";
  if (sets > 0 && sets !== from.nextId) return "L6: a cookie is set although the id has not changed";
  return undefined;
}

/** Whether what was asked could not be done: the session has ended or has another id, or the credentials have changed. */
function mayBeRefused(
  { endedWith }: State,
  entry: Entry | undefined,
  cookie: number,
  kind: Request["kind"],
): boolean {
  if (kind === "login" && endedWith !== 0) return true;
  return entry === undefined || entry.hasEnded || entry.id !== cookie;
}

/** Which rule a state breaks. */
export function brokenIn({ received, hasLeft }: Memory, state: State): string | undefined {
  const living = state.entries.filter((entry) => !entry.hasEnded);
  if (living.some(({ user, owners }) => user !== 0 && (owners & ~(1 | (1 << user))) !== 0)) {
    return "L3: a user sees another's data";
  }
  if (state.endedWith !== 0 && living.some(({ user, stamp }) => user === 1 && stamp !== state.endedWith)) {
    return "L4: a login by old credentials survives their change";
  }
  const isOnItsWay = state.requests.some(
    (it) => it.by === "browser" && it.stage === "answered" && it.sets !== 0,
  );
  if (hasLeft || isOnItsWay) return undefined;
  // A cookie of a session that has ended is no loss: it was that session's, until it ended.
  const hasLost = !state.entries.some(({ id }) => id === state.browser);
  if (hasLost && living.some(({ id }) => (received & (1 << id)) !== 0)) {
    return "L5: the browser has lost the cookie of a session that lives";
  }
  return undefined;
}
