// The protocol of the layer as DESIGN has it, on plain values: what a request may do to the sessions of a schedule, at the
// moment of each of its parts, and how it may be answered.
import { type Ask, type Deed, plusOne } from "./asks.ts";

/** Seconds. */
export const TTL = 3600;
export const GRACE = 30;

/** A session, as long as it lives and after. */
interface Entry {
  readonly user: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** The number of the request that gave it its id; -1 for the first session, -2 for that of the other device. */
  readonly id: number;
  /** Ids from before a renewal, each of which is good for the grace. */
  readonly former: readonly { readonly id: number; readonly until: number }[];
  readonly expiresAt: number;
  readonly hasEnded: boolean;
}

export interface Sessions {
  /** Seconds. */
  readonly now: number;
  readonly entries: readonly Entry[];
  /** The last stamp that all sessions of a user were ended with. */
  readonly stamps: Readonly<Record<string, string>>;
}

/** What a request found when it was opened. */
export interface Opening {
  /** The index of the session; `undefined` for an anonymous visit. */
  readonly index: number | undefined;
  readonly id: number;
  readonly user: string | undefined;
  /** What it held then. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Whether it came under the id before a renewal. */
  readonly isRetired: boolean;
}

/** One of the ways in which a part of a request may go. */
export interface Way {
  readonly sessions: Sessions;
  readonly status: 200 | 401 | 409;
  /** What the cookie may become. */
  readonly cookie: readonly ("none" | "clear" | "set")[];
  /** What the handler got; not looked at where it is not given. */
  readonly value?: unknown;
}

/** What the browser's first session holds. */
export const BEGINNING: Readonly<{ token: string; count: number }> = Object.freeze({
  token: "only once",
  count: 1,
});

export const FIRST = -1;
export const DEVICE = -2;

/** The index of the session that an id opens. */
export function find({ entries, now }: Sessions, id: number): number | undefined {
  const index = entries.findIndex(
    (entry) =>
      lives(entry, now) && (entry.id === id || entry.former.some((it) => it.id === id && it.until > now)),
  );
  return index === -1 ? undefined : index;
}

export function lives(entry: Entry, now: number): boolean {
  return !entry.hasEnded && entry.expiresAt > now;
}

export function open(sessions: Sessions, id: number): Opening {
  const index = find(sessions, id);
  const entry = index === undefined ? undefined : sessions.entries[index];
  return {
    index,
    id,
    user: entry?.user,
    data: entry?.data ?? {},
    isRetired: entry !== undefined && entry.id !== id,
  };
}

const KEEP = ["none"] as const;
const SET = ["set"] as const;
/** Who logs out need not be told when another request's answer may be on its way to the browser. */
const FORGET = ["none", "clear"] as const;

/** What is carried out at once, while the handler runs. */
export function act(sessions: Sessions, opening: Opening, { do: deed }: Ask, names: Users): Way {
  const ok = (next: Sessions, value: unknown = null): Way => ({
    sessions: next,
    status: 200,
    cookie: KEEP,
    value,
  });
  const change = (
    key: string,
    from: (data: Readonly<Record<string, unknown>>) => unknown,
    value: unknown,
  ): Way => (isValid(sessions, opening) ? ok(write(sessions, opening, key, from), value) : ended(sessions));
  const data = opening.index === undefined ? {} : (sessions.entries[opening.index]?.data ?? {});
  switch (deed.kind) {
    case "take":
      if (opening.data["token"] === undefined) return ok(sessions);
      return change("token", () => undefined, data["token"] ?? null);
    case "update":
      return change("count", (now) => plusOne(now["count"]), plusOne(data["count"]));
    case "sequence":
      if (!isValid(sessions, opening)) return ended(sessions);
      return ok(edit(sessions, opening.index as number, { data: { ...data, ...deed.data } }), deed.value);
    case "endMine":
    case "endOthers": {
      const { user } = opening;
      if (user === undefined) return ok(sessions, 0);
      if (deed.kind === "endOthers") return endUser(sessions, user, opening.index);
      // How many they are is told of two steps, between which another may end some.
      return { ...endUser(end(sessions, opening), user, undefined), value: undefined };
    }
    case "endAll": {
      const { stamp } = deed;
      const { stamps } = sessions;
      const next =
        stamp === undefined ? sessions : { ...sessions, stamps: { ...stamps, [names.user]: stamp } };
      return endUser(next, names.user, undefined);
    }
    case "endByHandle": {
      const [first] = sessions.entries;
      const isThere = first !== undefined && first.user === names.user && opening.user === names.user;
      if (!isThere || !lives(first, sessions.now)) return ok(sessions, false);
      return ok(edit(sessions, 0, { hasEnded: true }), true);
    }
    case "pass":
      return ok({ ...sessions, now: sessions.now + deed.seconds });
    default:
      return ok(sessions);
  }
}

/** What is carried out first, where ending all sessions of a user takes two calls of the store: this one is ended. */
export function begin(sessions: Sessions, opening: Opening, { do: deed }: Ask): Sessions {
  return deed.kind === "endMine" && opening.user !== undefined ? end(sessions, opening) : sessions;
}

/** What the layer carries out when the handler has answered. */
export function commit(sessions: Sessions, opening: Opening, ask: Ask, who: number, names: Users): Way[] {
  const { do: deed } = ask;
  const ok = (next: Sessions, cookie: Way["cookie"] = KEEP): Way => ({ sessions: next, status: 200, cookie });
  const isValidNow = isValid(sessions, opening);
  switch (deed.kind) {
    case "set":
      return [isValidNow ? ok(write(sessions, opening, "last", () => who)) : ended(sessions)];
    case "regenerate":
      if (!isCurrent(sessions, opening)) return [ended(sessions)];
      return [ok(rename(sessions, opening, who, {}), SET)];
    case "renew": {
      if (!isValidNow) return [ended(sessions)];
      if (!isCurrent(sessions, opening)) return [ok(sessions)];
      const before = sessions.entries[opening.index ?? 0]?.former ?? [];
      const former = [...before, { id: opening.id, until: sessions.now + GRACE }];
      return [ok(rename(sessions, opening, who, { former }), SET)];
    }
    case "login":
      return [login(sessions, opening, deed, who, names)];
    case "logout":
      return [ok(end(sessions, opening), opening.isRetired ? KEEP : FORGET)];
    case "endMine":
      if (opening.user === undefined) return [ok(sessions)];
      return [ok(end(sessions, opening), opening.isRetired ? KEEP : FORGET)];
    default:
      return [ok(sessions)];
  }
}

/** Whom the asks speak of. */
export interface Users {
  readonly user: string;
  readonly otherUser: string;
}

function login(
  sessions: Sessions,
  opening: Opening,
  deed: Deed & { kind: "login" },
  who: number,
  names: Users,
): Way {
  const user = names[deed.as];
  const stamp = sessions.stamps[user];
  if (deed.stamp !== undefined && stamp !== undefined && deed.stamp !== stamp) return ended(sessions);
  const fresh: Entry = {
    user,
    data: {},
    id: who,
    former: [],
    expiresAt: sessions.now + TTL,
    hasEnded: false,
  };
  const anew = (before: Sessions): Way => ({
    sessions: { ...before, entries: [...before.entries, fresh] },
    status: 200,
    cookie: SET,
  });
  if (opening.index === undefined) return anew(sessions);
  if (isCurrent(sessions, opening)) {
    const isSame = opening.user === undefined || opening.user === user;
    const change = { user, expiresAt: fresh.expiresAt, ...(!isSame && { data: {} }) };
    return { sessions: rename(sessions, opening, who, change), status: 200, cookie: SET };
  }
  // Ended or exchanged meanwhile: who came anonymous loses nothing by beginning anew; who came logged in has been logged out.
  return opening.user === undefined && !opening.isRetired && !isValid(sessions, opening)
    ? anew(sessions)
    : ended(sessions);
}

function ended(sessions: Sessions): Way {
  return { sessions, status: 409, cookie: KEEP };
}

/** Whether the id that a request came with opens its session still. */
function isValid(sessions: Sessions, { index, id }: Opening): boolean {
  return index !== undefined && find(sessions, id) === index;
}

function isCurrent(sessions: Sessions, opening: Opening): boolean {
  return isValid(sessions, opening) && sessions.entries[opening.index as number]?.id === opening.id;
}

function write(
  sessions: Sessions,
  { index = 0 }: Opening,
  key: string,
  from: (data: Readonly<Record<string, unknown>>) => unknown,
): Sessions {
  const data = sessions.entries[index]?.data ?? {};
  return edit(sessions, index, { data: { ...data, [key]: from(data) } });
}

function rename(sessions: Sessions, { index = 0 }: Opening, who: number, change: Partial<Entry>): Sessions {
  return edit(sessions, index, { former: [], ...change, id: who });
}

export function end(sessions: Sessions, { index }: Opening): Sessions {
  return index === undefined ? sessions : edit(sessions, index, { hasEnded: true });
}

function endUser(sessions: Sessions, user: string, spared: number | undefined): Way {
  const isMeant = (entry: Entry, index: number): boolean =>
    entry.user === user && index !== spared && lives(entry, sessions.now);
  const value = sessions.entries.filter(isMeant).length;
  const entries = sessions.entries.map((entry, index) =>
    isMeant(entry, index) ? { ...entry, hasEnded: true } : entry,
  );
  return { sessions: { ...sessions, entries }, status: 200, cookie: KEEP, value };
}

function edit(sessions: Sessions, at: number, change: Partial<Entry>): Sessions {
  const entries = sessions.entries.map((entry, index) => (index === at ? { ...entry, ...change } : entry));
  return { ...sessions, entries };
}
