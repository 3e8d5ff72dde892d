// What a promise is: something that a browser or an attacker can see, tried over HTTP alone.
import type { Browser } from "./browser.ts";

/** What became of a promise: kept, broken, or nothing that the contestant has. */
export type Outcome =
  | { readonly result: "kept" }
  | { readonly result: "broken"; readonly why: string }
  | { readonly result: "not offered"; readonly why: string };

export const KEPT: Outcome = { result: "kept" };

export function broken(why: string): Outcome {
  return { result: "broken", why };
}

export function notOffered(why: string): Outcome {
  return { result: "not offered", why };
}

/** How a contestant is to be started for a promise. */
export interface Settings {
  /** Seconds that a login lasts in all; an hour unless given. */
  readonly ttl?: number;
  /** Seconds without a request after which it ends. */
  readonly idle?: number;
  /** Behind a proxy of its own that speaks TLS to the browser. */
  readonly proxied?: boolean;
}

/** A contestant that runs. */
export interface Running {
  /** How many of a load to send: a million in the long form. */
  readonly visits: number;
  /** Seconds that it lets sessions live longer than told. */
  readonly allowanceSeconds: number;
  /** A browser that knows nothing yet; behind TLS when the settings say so. */
  browser(name?: string): Browser;
  /** All that the store holds, as text; `undefined` where the browser holds the sessions, or it cannot be seen. */
  stored(): Promise<readonly string[] | undefined>;
  /** Bytes of memory that the server takes. */
  memory(): number;
  /** Stops its database, without a word; `undefined` where there is none. */
  readonly stopStore: (() => Promise<void>) | undefined;
  /** And lets it go on, with what it had. */
  readonly startStore: (() => Promise<void>) | undefined;
}

export interface Promised {
  readonly id: string;
  /** As a sentence of the table. */
  readonly title: string;
  readonly settings?: Settings;
  /** Says nothing of those whose browser holds the data. */
  readonly needsIds?: boolean;
  readonly test: (running: Running) => Promise<Outcome>;
}
