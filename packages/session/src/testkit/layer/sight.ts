// What is seen of a schedule, for the judge.
import type { Ask, Names } from "./asks.ts";
import type { Browser, CookieChange } from "./browser.ts";

/** How the browser's session is before the requests. */
export type Start = "anonymous" | "logged in" | "nobody";

/** The parts of a request, each of which the model takes for one moment. */
export type Phase = "open" | "act" | "commit";

/** What was seen of a session: whose, and what it holds. */
export interface Content {
  readonly user: string | undefined;
  readonly data: Record<string, unknown>;
}

/** What was seen of a request. */
export interface Seen {
  readonly ask: Ask;
  /** The cookie that it came with. */
  cookie: string | undefined;
  /** What it found when it was opened; `undefined` for an anonymous visit. */
  opened: Content | undefined;
  /** Whether its user is said to have logged in within five minutes, as all have here. */
  isRecent: boolean;
  /** When its parts were carried out, counted in calls of the store. */
  readonly moments: Record<Phase, number[]>;
  status: number;
  value: unknown;
  change: CookieChange;
  cacheControl: string | undefined;
  /** When the handler had answered. */
  handledAt: number;
  /** When the client left. */
  leftAt: number | undefined;
  outage: { readonly phase: Phase; readonly fate: "failed" | "lost" } | undefined;
  /** What went wrong beside the protocol. */
  failure: unknown;
}

/** What was seen of a schedule. */
export interface Sight {
  readonly start: Start;
  readonly names: Names;
  readonly requests: readonly Seen[];
  /** The steps in their order, for people. */
  readonly steps: readonly string[];
  /** Each id that was ever given, the number of the request that it was made by, and what it opens now. */
  readonly ids: readonly { id: string; by: number; opens: Content | undefined }[];
  /** Numbers of sessions that the users have in the end. */
  readonly counts: { readonly user: number; readonly otherUser: number };
  readonly browser: Browser;
}

export function unseen(ask: Ask): Seen {
  return {
    ask,
    cookie: undefined,
    opened: undefined,
    isRecent: true,
    moments: { open: [], act: [], commit: [] },
    status: 0,
    value: undefined,
    change: { kind: "none" },
    cacheControl: undefined,
    handledAt: 0,
    leftAt: undefined,
    outage: undefined,
    failure: undefined,
  };
}

/** What a session holds, as plain values. */
export function dataOf(session: { keys(): string[]; get(key: string): unknown }): Record<string, unknown> {
  return Object.fromEntries(session.keys().map((key) => [key, session.get(key)]));
}

/** A request's name, for people. */
export function labelOf({ ask }: Seen, who: number): string {
  return `${"ABCDEFGH"[who]} (${ask.name})`;
}
