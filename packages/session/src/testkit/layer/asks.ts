// What requests ask of their session, and how a handler asks for it.
import type { RequestSession } from "../../layer/request-session.ts";
import type { Store } from "../../model/store.ts";
import type { AnyData } from "../kit.ts";

/** Whose request it is: the browser's, that of another device of the same user, of a thief of the first cookie, or nobody's. */
export type Sender = "browser" | "device" | "thief" | "operator";

/** What the requests of a schedule speak of. */
export interface Names {
  /** Whose session the browser's is, where it has one that is logged in. */
  readonly user: string;
  readonly otherUser: string;
  /** Of the browser's first session. */
  readonly handle: string;
}

/** A request, as a handler carries it out and as the model knows it. */
export interface Ask {
  readonly name: string;
  readonly from: Sender;
  readonly do: Deed;
  /** The client leaves at some moment of it. */
  readonly leaves?: boolean;
  /** Carried out while the handler runs, and not when it has answered. */
  readonly atOnce?: true;
  /** One of its calls of the store may fail. */
  readonly outage?: boolean;
  /** Carried out by the handler; `undefined` for what needs no session. */
  readonly act?: (session: RequestSession<AnyData>, names: Names, who: number) => unknown;
  readonly operate?: (store: Store<AnyData>, names: Names) => unknown;
}

export type Deed =
  | { readonly kind: "read" | "set" | "take" | "update" }
  /** Several in one request: what the last one gives, and what the session then holds. */
  | { readonly kind: "sequence"; readonly value: unknown; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: "logout" | "regenerate" | "renew" | "endMine" | "endOthers" }
  | { readonly kind: "login"; readonly as: "user" | "otherUser"; readonly stamp?: string }
  | { readonly kind: "endAll"; readonly stamp?: string }
  | { readonly kind: "endByHandle" }
  | { readonly kind: "pass"; readonly seconds: number };

export const plusOne = (value: unknown): number => Number(value ?? 0) + 1;

/** What the browser may ask. */
export const READ: Ask = { name: "read", from: "browser", do: { kind: "read" }, act: () => undefined };
export const SET: Ask = {
  name: "set",
  from: "browser",
  do: { kind: "set" },
  act: (session, _names, who) => session.set("last", who),
};
export const TAKE: Ask = {
  name: "take",
  from: "browser",
  do: { kind: "take" },
  atOnce: true,
  act: (session) => session.take("token"),
};
export const UPDATE: Ask = {
  name: "update",
  from: "browser",
  do: { kind: "update" },
  atOnce: true,
  act: (session) => session.update("count", plusOne),
};
export const SET_THEN_UPDATE: Ask = {
  name: "set, then update",
  from: "browser",
  do: { kind: "sequence", value: 11, data: { both: 11 } },
  atOnce: true,
  act: (session) => {
    session.set("both", 10);
    return session.update("both", plusOne);
  },
};
export const LOGIN: Ask = {
  name: "login",
  from: "browser",
  do: { kind: "login", as: "user" },
  act: (session, { user }) => session.login(user),
};
export const LOGIN_OTHER: Ask = {
  name: "login as another user",
  from: "browser",
  do: { kind: "login", as: "otherUser" },
  act: (session, { otherUser }) => session.login(otherUser),
};
export const LOGIN_STAMPED: Ask = {
  name: "login with a stamp",
  from: "browser",
  do: { kind: "login", as: "user", stamp: "1" },
  act: (session, { user }) => session.login(user, { stamp: "1" }),
};
export const LOGOUT: Ask = {
  name: "logout",
  from: "browser",
  do: { kind: "logout" },
  act: (session) => session.logout(),
};
export const REGENERATE: Ask = {
  name: "regenerate",
  from: "browser",
  do: { kind: "regenerate" },
  act: (session) => session.regenerate(),
};
export const RENEW: Ask = {
  name: "renew",
  from: "browser",
  do: { kind: "renew" },
  act: (session) => session.renew(),
};
export const END_MINE: Ask = {
  name: "destroyByUser",
  from: "browser",
  do: { kind: "endMine" },
  atOnce: true,
  act: (session) => session.destroyByUser(),
};

/** What happens to the browser's session elsewhere. */
export const END_OTHERS: Ask = {
  name: "destroyByUser of all others, from another device",
  from: "device",
  do: { kind: "endOthers" },
  atOnce: true,
  act: (session) => session.destroyByUser({ exceptThis: true }),
};
export const END_BY_HANDLE: Ask = {
  name: "destroyByHandle, from another device",
  from: "device",
  do: { kind: "endByHandle" },
  atOnce: true,
  act: (session, { handle }) => session.destroyByHandle(handle),
};
export const END_ALL: Ask = {
  name: "destroyByUser by the operator",
  from: "operator",
  do: { kind: "endAll" },
  atOnce: true,
  operate: (store, { user }) => store.destroyByUser(user),
};
export const END_ALL_STAMPED: Ask = {
  name: "destroyByUser with a stamp",
  from: "operator",
  do: { kind: "endAll", stamp: "2" },
  atOnce: true,
  operate: (store, { user }) => store.destroyByUser(user, { stamp: "2" }),
};
export const THIEF_READS: Ask = { ...READ, name: "a thief reads", from: "thief" };
export const THIEF_RENEWS: Ask = { ...RENEW, name: "a thief renews", from: "thief" };

/** Seconds pass: more than a lifetime, or more than a grace. */
export const passing = (name: string, seconds: number): Ask => ({
  name,
  from: "operator",
  do: { kind: "pass", seconds },
});

/** All that meets in pairs. */
export const ASKS: readonly Ask[] = [
  READ,
  SET,
  TAKE,
  UPDATE,
  SET_THEN_UPDATE,
  LOGIN,
  LOGIN_OTHER,
  LOGIN_STAMPED,
  LOGOUT,
  REGENERATE,
  RENEW,
  END_MINE,
  END_OTHERS,
  END_BY_HANDLE,
  END_ALL,
  END_ALL_STAMPED,
  THIEF_READS,
  THIEF_RENEWS,
];

/** What leaves the browser with another cookie or none, while the client goes away. */
export const LEAVING: readonly Ask[] = [LOGIN, LOGIN_OTHER, LOGOUT, REGENERATE, RENEW, END_MINE].map((ask) =>
  Object.assign({}, ask, { name: `${ask.name}, and the client leaves`, leaves: true }),
);

/** All of them, while the store may fail. */
export const FAILING: readonly Ask[] = ASKS.map((ask) =>
  Object.assign({}, ask, { name: `${ask.name}, in an outage`, outage: true }),
);

/** What one request may do to one key, one after the other. */
export const SEQUENCES: readonly Ask[] = [
  SET_THEN_UPDATE,
  {
    name: "take, then update",
    from: "browser",
    do: { kind: "sequence", value: "again", data: { token: "again" } },
    atOnce: true,
    act: async (session) => {
      await session.take("token");
      return session.update("token", (token) => (token === undefined ? "again" : "still there"));
    },
  },
  {
    name: "remove, then update",
    from: "browser",
    do: { kind: "sequence", value: 1, data: { count: 1 } },
    atOnce: true,
    act: (session) => {
      session.remove("count");
      return session.update("count", plusOne);
    },
  },
  {
    name: "update, then set",
    from: "browser",
    do: { kind: "sequence", value: 5, data: { count: 5 } },
    atOnce: true,
    act: async (session) => {
      await session.update("count", plusOne);
      session.set("count", 5);
      return session.get("count");
    },
  },
  {
    name: "set, then take",
    from: "browser",
    do: { kind: "sequence", value: "new", data: { token: undefined } },
    atOnce: true,
    act: (session) => {
      session.set("token", "new");
      return session.take("token");
    },
  },
];
