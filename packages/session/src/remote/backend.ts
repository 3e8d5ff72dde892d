// What a database behind a network has to do for a store. Each call is atomic, goes by the database's own clock, and
// rejects with whatever its driver rejects with; `RemoteSessionStore` makes a store of it.
import type { EncodedChanges } from "../model/encoding.ts";
import type { Client, SessionEntry } from "../model/store.ts";

/** Names a record, and proves the right to it. */
export interface Key {
  readonly handle: string;
  readonly secretHash: string;
}

export interface Login {
  readonly userId: string;
  readonly client: Client;
}

/** Milliseconds since the epoch, all of them. */
export interface Times {
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
}

/** A record as it was found. Times that are no numbers mean that it cannot be read. */
export interface Found extends Times {
  readonly userId: string | undefined;
  readonly authenticatedAt: number | undefined;
  /** Encoded keys and JSON texts. */
  readonly pairs: Iterable<readonly [key: string, json: string]>;
  /** Whether it was seen so long ago that "last seen" was written again. */
  readonly touched: boolean;
}

/** Why nothing was written. */
export type Refusal = "gone" | "too-large";

/** Changes of one key, and what must be there for them to be made; `undefined` for nothing. */
export interface Exchange {
  readonly field: string;
  readonly expected: string | undefined;
  readonly next: string | undefined;
}

export interface Backend {
  /** `undefined` when `unique` and the handle is in use. */
  insert(
    key: Key,
    pairs: readonly (readonly [string, string])[],
    login: Login | undefined,
    unique: boolean,
  ): Promise<Times | undefined>;
  find(key: Key): Promise<Found | undefined>;
  /** Writes changes, and puts another secret in the place of the old one. */
  write(key: Key, changes: EncodedChanges, secretHash: string): Promise<"written" | Refusal>;
  /** The same, and begins the lifetime anew. */
  login(key: Key, changes: EncodedChanges, secretHash: string, login: Login): Promise<Times | Refusal>;
  /** The new "last seen". */
  touch(key: Key): Promise<number | undefined>;
  /** One value, as JSON text. */
  peek(key: Key, field: string): Promise<{ readonly value: string | undefined } | "gone">;
  exchange(
    key: Key,
    exchange: Exchange,
  ): Promise<"written" | Refusal | { readonly value: string | undefined }>;
  /** Whether there was a live one. */
  remove(key: Key): Promise<boolean>;

  listByUser(userId: string): Promise<SessionEntry[]>;
  /** Handles of those that were removed. */
  removeByUser(userId: string, spared: readonly string[]): Promise<readonly string[]>;
  removeByHandle(userId: string, handle: string): Promise<boolean>;

  /** Removes up to so many expired records, and gives their handles. */
  purge(most: number): Promise<readonly string[]>;
  count(): Promise<number>;
  isEmpty(): Promise<boolean>;
}
