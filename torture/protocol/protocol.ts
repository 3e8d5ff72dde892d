// The protocol of the session layer as a state machine: small enough that all its states can be visited.
//
// One browser whose requests overtake each other, and one other: a thief who knows the browser's first id, or another device
// of the same user. A request is sent with the cookie that its browser has, opens the session, is committed, and its answer is
// delivered; any other step may come between. What the store does for a commit is one step, as it is in all stores.

/** 0 is nobody. */
export type User = 0 | 1 | 2;
/** Of the credentials that a login was checked with. */
export type Stamp = 0 | 1 | 2;

export interface Entry {
  readonly user: User;
  readonly stamp: Stamp;
  readonly hasEnded: boolean;
  readonly id: number;
  /** Ids from before renewals, as long as they are good: the oldest first. */
  readonly former: readonly number[];
  /** Whose data it holds: bit 0 what was set before any login, bit 1 and 2 what the users set. */
  readonly owners: number;
}

export type Kind =
  | "set"
  | "login"
  | "loginOther"
  | "logout"
  | "regenerate"
  | "renew"
  | "destroyByUser"
  | "changePassword"
  | "destroyByHandle";

export const OF_BROWSER: readonly Kind[] = [
  "set",
  "login",
  "loginOther",
  "logout",
  "regenerate",
  "renew",
  "destroyByUser",
];
export const OF_THIEF: readonly Kind[] = ["set", "logout", "regenerate", "renew", "destroyByUser"];
export const OF_DEVICE: readonly Kind[] = ["destroyByUser", "changePassword", "destroyByHandle"];

export type Stage = "idle" | "sent" | "opened" | "answered" | "over";

export interface Request {
  readonly by: "browser" | "other";
  readonly kind: Kind | undefined;
  readonly stage: Stage;
  readonly cookie: number;
  /** What it has opened: an index, or -1 for an anonymous visit. */
  readonly index: number;
  readonly user: User;
  readonly stamp: Stamp;
  readonly isRetired: boolean;
  /** The id of its `Set-Cookie`; 0 for none, -1 for one that clears. */
  readonly sets: number;
}

export interface State {
  readonly entries: readonly Entry[];
  readonly requests: readonly Request[];
  readonly browser: number;
  readonly other: number;
  readonly nextId: number;
  /** The credentials of user 1 as they are now. */
  readonly password: Stamp;
  /** The stamp that all sessions of user 1 were ended with. */
  readonly endedWith: Stamp;
}

/** What may be wrong with an implementation; each is one that was, or might be. */
export type Fault =
  | "logout ends the id alone"
  | "login begins anew after an end"
  | "login keeps another user's data"
  | "login keeps the id"
  | "stamps are ignored"
  | "an unstored change is answered 200"
  | "a retired id gets a cookie"
  | "renew is strict"
  | "regenerate is lenient"
  | "an answer repeats the cookie"
  | "a 409 sets a cookie";

/** What a commit does to the store, and what is answered. */
export interface Outcome {
  readonly state: State;
  readonly status: 200 | 401 | 409;
  readonly sets: number;
}

export class Protocol {
  readonly #fault: Fault | undefined;

  constructor(fault?: Fault) {
    this.#fault = fault;
  }

  /** What an id opens; -1 for nothing. */
  find({ entries }: State, id: number): number {
    if (id <= 0) return -1;
    return entries.findIndex((entry) => !entry.hasEnded && opens(entry, id));
  }

  commit(state: State, request: Request): Outcome {
    const outcome = this.#commit(state, request);
    if (outcome.status === 409 && this.#has("a 409 sets a cookie"))
      return { ...outcome, sets: request.cookie };
    const isQuiet = outcome.sets === 0 && outcome.status === 200 && request.index !== -1;
    if (isQuiet && this.#has("an answer repeats the cookie")) return { ...outcome, sets: request.cookie };
    return outcome;
  }

  #commit(state: State, request: Request): Outcome {
    const { kind, index, cookie, isRetired } = request;
    const entry = state.entries[index];
    const isValid = entry !== undefined && this.find(state, cookie) === index;
    const isCurrent = isValid && entry.id === cookie;
    switch (kind) {
      case "set": {
        if (entry === undefined) return answer(state, 401);
        if (!isValid) return answer(state, this.#has("an unstored change is answered 200") ? 200 : 409);
        return answer(edit(state, index, { owners: entry.owners | (1 << entry.user) }), 200);
      }
      case "login":
        return this.#login(state, request, 1, isCurrent, isValid);
      case "loginOther":
        return this.#login(state, request, 2, isCurrent, isValid);
      case "logout": {
        const isEnded = this.#has("logout ends the id alone") ? isValid : entry !== undefined;
        return answer(isEnded ? edit(state, index, { hasEnded: true }) : state, 200, isRetired ? 0 : -1);
      }
      case "regenerate":
        if (entry === undefined) return answer(state, 401);
        if (!isCurrent) return answer(state, 409);
        return rename(state, index, { former: this.#has("regenerate is lenient") ? [cookie] : [] });
      case "renew": {
        if (entry === undefined) return answer(state, 401);
        if (!isValid) return answer(state, 409);
        const former = this.#has("renew is strict") ? [] : [...entry.former, cookie];
        if (isCurrent || this.#has("a retired id gets a cookie")) return rename(state, index, { former });
        return answer(state, 200);
      }
      case "destroyByUser":
        return answer(endUser(state, request.by === "browser" || index !== -1 ? request.user : 1), 200);
      case "changePassword":
        return answer({ ...endUser(state, 1), endedWith: 2 }, 200);
      case "destroyByHandle":
        return answer(state.entries[0]?.user === 1 ? edit(state, 0, { hasEnded: true }) : state, 200);
      case undefined:
        return answer(state, 200);
    }
  }

  #login(state: State, request: Request, user: User, isCurrent: boolean, isValid: boolean): Outcome {
    const { index } = request;
    const stamp = user === 1 ? request.stamp : 0;
    const isStale = user === 1 && state.endedWith !== 0 && stamp !== state.endedWith;
    if (isStale && !this.#has("stamps are ignored")) return answer(state, 409);
    if (isCurrent) {
      const isSame = request.user === 0 || request.user === user;
      if (this.#has("login keeps the id")) return answer(edit(state, index, { user, stamp }), 200);
      const isEmptied = !isSame && !this.#has("login keeps another user's data");
      return rename(state, index, { user, stamp, former: [], ...(isEmptied && { owners: 0 }) });
    }
    const mayBegin = request.user === 0 && !isValid && !request.isRetired;
    if (index === -1 || mayBegin || this.#has("login begins anew after an end"))
      return begin(state, user, stamp);
    return answer(state, 409);
  }

  #has(fault: Fault): boolean {
    return this.#fault === fault;
  }
}

export function opens({ id, former }: Entry, cookie: number): boolean {
  return cookie > 0 && (id === cookie || former.includes(cookie));
}

function answer(state: State, status: Outcome["status"], sets = 0): Outcome {
  return { state, status, sets };
}

export function edit(state: State, index: number, change: Partial<Entry>): State {
  return {
    ...state,
    entries: state.entries.map((entry, at) => (at === index ? { ...entry, ...change } : entry)),
  };
}

function rename(state: State, index: number, change: Partial<Entry>): Outcome {
  const id = state.nextId;
  return answer({ ...edit(state, index, { ...change, id }), nextId: id + 1 }, 200, id);
}

function begin(state: State, user: User, stamp: Stamp): Outcome {
  const id = state.nextId;
  const entry: Entry = { user, stamp, hasEnded: false, id, former: [], owners: 0 };
  return answer({ ...state, entries: [...state.entries, entry], nextId: id + 1 }, 200, id);
}

function endUser(state: State, user: User): State {
  if (user === 0) return state;
  const entries = state.entries.map((entry) => (entry.user === user ? { ...entry, hasEnded: true } : entry));
  return { ...state, entries };
}
