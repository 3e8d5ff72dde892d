// What a database behind a network has to do for a store. Each call is atomic, goes by the database's own clock, and
// rejects with whatever its driver rejects with; `RemoteSessionStore` makes a store of it.
import type { EncodedChanges } from "../model/encoding.ts";
import type { Login } from "../model/login.ts";
import type { LoginRecord } from "../model/session.ts";
import type { ListedSession, SessionEntry } from "../model/store.ts";

/** Names a record, and proves the right to it. */
export interface Key {
  readonly handle: string;
  readonly secretHash: string;
}

/** Milliseconds since the epoch, all of them. */
export interface Times {
  /** The database's time when it answered. */
  readonly now: number;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  /** When the present id was given out. */
  readonly renewedAt: number;
}

/** A record as it was found. Times that are no numbers mean that it cannot be read. */
export interface Found extends Times {
  readonly login: LoginRecord | undefined;
  readonly device: string | undefined;
  /** Encoded keys and JSON texts. */
  readonly pairs: Iterable<readonly [key: string, json: string]>;
  /** Whether the key's secret is one that a renewal has replaced, and that is still good. */
  readonly isRetired: boolean;
}

/** A record after a login. */
export interface LoggedIn extends Times {
  readonly login: LoginRecord;
  readonly device: string | undefined;
  /** Whether it was another user's, and was emptied. */
  readonly isEmptied: boolean;
}

/** Another secret for a record. */
export interface Replacement {
  readonly secretHash: string;
  /** Whether the old secret opens nothing from now on, and neither do those that were replaced before it. */
  readonly isStrict: boolean;
  /** Whether a record with a user begins its lifetime anew. */
  readonly isExtended: boolean;
}

/** A record after its secret was replaced. */
export interface Replaced extends Times {
  /** `false` where the key's secret was replaced before: the record keeps the one that it has. */
  readonly isReplaced: boolean;
}

/** Why nothing was written. `stamp`: the user's sessions were ended with another. */
export type Refusal = "gone" | "too-large" | "stamp";

/** Changes of one key, and what must be there for them to be made; `undefined` for nothing. */
export interface Exchange {
  readonly field: string;
  readonly expected: string | undefined;
  readonly next: string | undefined;
}

/** From where on living sessions are wanted, and which. */
export interface PageQuery {
  /** Where the last page has ended, as {@link Page.next} said; '' for the first. */
  readonly cursor: string;
  /** How many are wanted; a few more or less may come. */
  readonly size: number;
  /** Those with a user, those without, or all. */
  readonly loggedIn: boolean | undefined;
}

export interface Page {
  readonly entries: ListedSession[];
  /** `undefined` after the last page. */
  readonly next: string | undefined;
}

export interface Backend {
  /** `in-use` when `unique` and the handle is. */
  insert(
    key: Key,
    pairs: readonly (readonly [string, string])[],
    login: Login | undefined,
    unique: boolean,
  ): Promise<Times | "in-use" | "stamp">;
  find(key: Key): Promise<Found | undefined>;
  write(key: Key, changes: EncodedChanges): Promise<"written" | Refusal>;
  /** Writes changes, and puts another secret in the place of the key's; that is remembered for the grace. */
  replace(key: Key, changes: EncodedChanges, replacement: Replacement): Promise<Replaced | Refusal>;
  /**
   * The same strictly, names the user, and begins the lifetime anew. A record of another user is emptied; its device is
   * forgotten, and the changes are not written.
   */
  login(key: Key, changes: EncodedChanges, secretHash: string, login: Login): Promise<LoggedIn | Refusal>;
  /** The database's time; `undefined` when there is no such record. */
  touch(key: Key): Promise<number | undefined>;
  /** One value, as JSON text. */
  peek(key: Key, field: string): Promise<{ readonly value: string | undefined } | "gone">;
  exchange(
    key: Key,
    exchange: Exchange,
  ): Promise<"written" | Refusal | { readonly value: string | undefined }>;
  /** Puts `next` in the place of the device's text if that is `expected`. Whether it did. */
  exchangeDevice(key: Key, expected: string | undefined, next: string | undefined): Promise<boolean | "gone">;
  /** Whether the key's secret was replaced within the grace, and opens nothing now, while its record lives. */
  wasReplaced(key: Key): Promise<boolean>;
  /** Whether there was a live one. Without a secret, it is the record of this handle, whatever its secret is. */
  remove(handle: string, secretHash: string | undefined): Promise<boolean>;

  listByUser(userId: string): Promise<SessionEntry[]>;
  /** Handles of those that were removed. A stamp is remembered: logins that come with another are refused. */
  removeByUser(
    userId: string,
    spared: readonly string[],
    stamp: string | undefined,
  ): Promise<readonly string[]>;
  removeByHandle(userId: string, handle: string): Promise<boolean>;

  page(query: PageQuery): Promise<Page>;
  /** How many live: those with a user, those without, or all. */
  countLive(loggedIn: boolean | undefined): Promise<number>;

  /** Removes up to so many expired records, and gives their handles. */
  purge(most: number): Promise<readonly string[]>;
  /** How many are kept, expired ones included. */
  count(): Promise<number>;
  isEmpty(): Promise<boolean>;
}
