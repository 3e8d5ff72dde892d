// What every store does. All four, and your own, pass one conformance kit.
import type { StandardSchema } from "@hatcheck/core";
import type { JsonData, ReadonlyJson } from "./json.ts";
import type { Session } from "./session.ts";

/** Whether a store answers at once, or with promises. */
export type Mode = "sync" | "async";

/** What a method of a store gives. */
export type Result<M extends Mode, Value> = M extends "sync" ? Value : Promise<Value>;

export interface StoreOptions<Data> {
  /** Seconds that a session lives from its creation, or from its login; 0 to 100 years. */
  ttl: number;
  /** Seconds without a request after which it ends earlier; never unless given. */
  idle?: number;
  /** Most bytes of a session's data, keys and values as JSON; 64 KiB unless given. */
  maxBytes?: number;
  /** Validates what is loaded. A session that does not fit is not given. */
  schema?: StandardSchema<Data>;
}

/** Where a session is used from, for the list of a user's devices. */
export interface Client {
  ip?: string | undefined;
  userAgent?: string | undefined;
}

export interface CreateOptions<Data> {
  /** What it holds from the start. */
  data?: { readonly [Key in keyof Data]?: ReadonlyJson<Data[Key]> };
  /** Who has logged in. */
  userId?: string;
  client?: Client;
}

/** One of a user's sessions, as a page may show it. Times are milliseconds since the epoch. */
export interface SessionEntry {
  readonly handle: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly ip: string | undefined;
  readonly userAgent: string | undefined;
}

export interface PurgeOptions {
  /** Milliseconds of work after which other work gets its turn; the purge then goes on by itself. */
  sliceMs: number;
}

/**
 * A store of sessions.
 *
 * Where a store cannot answer, every method throws (or rejects with) `SessionStoreUnavailableError`: an outage never
 * looks like "not logged in".
 */
export interface Store<Data extends JsonData<Data> = Record<string, string>, M extends Mode = Mode> {
  readonly mode: M;
  /** Seconds, as configured. */
  readonly ttl: number;
  /** Seconds, as configured. */
  readonly idle: number | undefined;

  /** Stores a new session under a generated id. @throws SessionStoreFullError, SessionTooLargeError */
  create(options?: CreateOptions<Data>): Result<M, Session<Data>>;

  /**
   * Stores a new session under an id of your own: 1 to 256 of `A-Z a-z 0-9 . _ ~ -`, as hard to guess as you made it.
   *
   * @throws TypeError when the id is malformed, `SessionIdInUseError` when it is in use.
   */
  createWithId(id: string, options?: CreateOptions<Data>): Result<M, Session<Data>>;

  /** The session of an id; `undefined` when it is unknown, destroyed or expired. Loading is activity. */
  load(id: string): Result<M, Session<Data> | undefined>;

  /**
   * Writes what was changed in this session object, key by key, in one atomic step. `false`, and nothing is written, when
   * the session is unknown, destroyed, expired or regenerated.
   *
   * @throws SessionTooLargeError
   */
  save(session: Session<Data>): Result<M, boolean>;

  /** Moves the idle timeout on now. `false` when the session is gone. */
  touch(session: Session<Data>): Result<M, boolean>;

  /**
   * Gives the session another id, in place, and writes its changes. The old id is dead at once. `false` when the session
   * is gone. The lifetime stays.
   */
  regenerate(session: Session<Data>): Result<M, boolean>;

  /** Regenerates, names the user, and begins the lifetime anew. `false` when the session is gone. */
  login(session: Session<Data>, userId: string, client?: Client): Result<M, boolean>;

  /**
   * Atomic read-modify-write of one key. `change` gets the value and returns the new one, or `undefined` to remove it; it
   * may be called more than once, and must not wait. Gives what it returned; `undefined` when the session is gone.
   */
  update<Key extends keyof Data & string>(
    id: string,
    key: Key,
    change: (value: Data[Key] | undefined) => ReadonlyJson<Data[Key]> | undefined,
  ): Result<M, ReadonlyJson<Data[Key]> | undefined>;

  /** Ends a session. `false` when there was none. */
  destroy(id: string): Result<M, boolean>;

  /** A user's sessions, the one last seen first. */
  listByUser(userId: string): Result<M, SessionEntry[]>;

  /** Ends all sessions of a user, and gives their number. `except` keeps one: a session, or its handle or id. */
  destroyByUser(userId: string, options?: { except?: Session<Data> | string | undefined }): Result<M, number>;

  /** Ends one session of a user, by its handle. `false` when the user has none of that handle. */
  destroyByHandle(userId: string, handle: string): Result<M, boolean>;

  /** Removes all sessions that have expired, and gives their number. */
  purgeExpired(): Result<M, number>;
  /** The same in slices, so that other work is not held up. */
  purgeExpired(options: PurgeOptions): Promise<number>;

  /** How many sessions are kept, expired ones that are not purged yet included. */
  len(): Result<M, number>;

  /** Whether none is kept. */
  isEmpty(): Result<M, boolean>;
}
