// What every store does. All four, and your own, pass one conformance kit.
import type { StandardSchema } from "@hatcheck/core";
import type { JsonData, ReadonlyJson } from "./json.ts";
import type { Actor, Session } from "./session.ts";

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
  /**
   * Most sessions that a user may have; any number unless given. With one more, the one that was not seen for longest ends, which
   * is published as `destroyed`.
   */
  maxSessionsPerUser?: number;
  /** Validates what is loaded. A session that does not fit is not given. */
  schema?: StandardSchema<Data>;
  /**
   * Seconds that an id which was replaced is remembered; 30 unless given, 10 minutes at most. After `renew` it is good that long
   * for the same session; after `regenerate` and `login` it opens nothing, and {@link Store.wasReplaced} knows it.
   */
  grace?: number;
}

/** Where a session is used from, for the list of a user's devices. */
export interface Client {
  ip?: string | undefined;
  userAgent?: string | undefined;
}

/** How a user has logged in. */
export interface LoginOptions {
  /** From where. */
  client?: Client;
  /**
   * What changes with the user's credentials, such as the version of the password that was checked; 1 to 255 characters. Once
   * `destroyByUser` was told another, this login is refused.
   */
  stamp?: string;
  /** Seconds that this login lives; those of the store unless given. Who logs in again keeps what was given before. */
  ttl?: number;
  /** Whether the cookie outlives the browser; as the layer's options say unless given. Kept like `ttl`. */
  persistent?: boolean;
  /** `false` when no password was entered, or what counts as one: `authenticatedWithin` is then false. */
  authenticated?: boolean;
  /** Who really acts, in the user's name. */
  actor?: Actor;
}

export interface CreateOptions<Data> extends LoginOptions {
  /** What it holds from the start. */
  data?: { readonly [Key in keyof Data]?: ReadonlyJson<Data[Key]> };
  /** Who has logged in. */
  userId?: string;
}

export interface RenewOptions {
  /** Whether a logged-in session begins its lifetime anew. */
  extend?: boolean;
}

export interface DestroyByUserOptions<Data extends JsonData<Data>> {
  /** The one that is kept: a session, or its handle or id. */
  except?: Session<Data> | string | undefined;
  /**
   * What the user's credentials have now become, see {@link LoginOptions.stamp}: for an hour every login that comes with another
   * stamp is refused.
   */
  stamp?: string;
}

/** One of a user's sessions, as a page may show it. Times are milliseconds since the epoch. */
export interface SessionEntry {
  readonly handle: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly ip: string | undefined;
  readonly userAgent: string | undefined;
  /** Whether it is bound to a device, see `isBound`. */
  readonly deviceBound: boolean;
  /** Who really acts, where it is somebody else in the user's name. */
  readonly actor: Actor | undefined;
}

/** A session as an administrator sees it. */
export interface ListedSession extends SessionEntry {
  /** Whose it is; `undefined` while nobody has logged in. */
  readonly userId: string | undefined;
}

/** Which sessions are meant: those with a user, those without, or all unless given. */
export interface CountOptions {
  loggedIn?: boolean;
}

export interface ListOptions extends CountOptions {
  /** Most sessions of a page; 100 unless given. */
  pageSize?: number;
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

  /** The store's time, which all times of sessions are by: milliseconds since the epoch. */
  now(): number;

  /**
   * Stores a new session under a generated id.
   *
   * @throws SessionEndedError when the user's sessions were ended with another stamp; SessionStoreFullError,
   * SessionTooLargeError
   */
  create(options?: CreateOptions<Data>): Result<M, Session<Data>>;

  /**
   * Stores a new session under an id of your own: 1 to 256 of `A-Z a-z 0-9 . _ ~ -`, as hard to guess as you made it.
   *
   * @throws TypeError when the id is malformed, `SessionIdInUseError` when it is in use; as {@link create} besides.
   */
  createWithId(id: string, options?: CreateOptions<Data>): Result<M, Session<Data>>;

  /** The session of an id; `undefined` when it is unknown, destroyed or expired. Loading is activity. */
  load(id: string): Result<M, Session<Data> | undefined>;

  /**
   * Writes what was changed in this session object, key by key, in one atomic step. `false`, and nothing is written, when
   * the session is unknown, destroyed, expired or regenerated. What is changed while this is under way is for the next save.
   *
   * @throws SessionTooLargeError
   */
  save(session: Session<Data>): Result<M, boolean>;

  /** Moves the idle timeout on now. `false` when the session is gone. */
  touch(session: Session<Data>): Result<M, boolean>;

  /**
   * Gives the session another id, in place, and writes its changes. The old id is dead at once, and so are those that
   * renewals had left good. `false` when the session is gone, or has another id already. The lifetime stays.
   */
  regenerate(session: Session<Data>): Result<M, boolean>;

  /**
   * Gives the session another id, in place, and writes its changes. The old id is good for the store's `grace`, so that
   * requests which are under way go on. Where it was opened with an id that a renewal had replaced, it keeps the id that it
   * has: `session.id` tells. `false` when the session is gone.
   */
  renew(session: Session<Data>, options?: RenewOptions): Result<M, boolean>;

  /**
   * Regenerates, names the user, and begins the lifetime anew. A session of another user is emptied first, of changes in this
   * object too. `false` when the session is gone or has another id already, or when the user's sessions were ended with
   * another stamp.
   */
  login(session: Session<Data>, userId: string, options?: LoginOptions): Result<M, boolean>;

  /**
   * Atomic read-modify-write of one key. `change` gets the value and returns the new one, or `undefined` to remove it; it
   * may be called more than once, and must not wait. Gives what it returned.
   *
   * @throws SessionEndedError when there is no session of this id.
   */
  update<Key extends keyof Data & string>(
    id: string,
    key: Key,
    change: (value: Data[Key] | undefined) => ReadonlyJson<Data[Key]> | undefined,
  ): Result<M, ReadonlyJson<Data[Key]> | undefined>;

  /**
   * Puts another text in the place of what binds the session to a device, if that is still `expected`; in one atomic step.
   * `false` when it is another, or the session is gone. Stores do not look into it.
   */
  exchangeDevice(
    session: Session<Data>,
    expected: string | undefined,
    next: string | undefined,
  ): Result<M, boolean>;

  /**
   * Ends a session: that of an id, or one that was loaded, whatever its id has become since. `false` when there was none.
   */
  destroy(session: Session<Data> | string): Result<M, boolean>;

  /**
   * Whether this id was replaced by another within the last `grace` seconds, and opens nothing now, while its session lives.
   * A browser that sends it is about to get the new one.
   */
  wasReplaced(id: string): Result<M, boolean>;

  /** A user's sessions, the one last seen first. */
  listByUser(userId: string): Result<M, SessionEntry[]>;

  /** Ends all sessions of a user, and gives their number. */
  destroyByUser(userId: string, options?: DestroyByUserOptions<Data>): Result<M, number>;

  /** Ends one session of a user, by its handle. `false` when the user has none of that handle. */
  destroyByHandle(userId: string, handle: string): Result<M, boolean>;

  /**
   * All living sessions, page by page, for administrators. A page is read when it is asked for, and none is empty. A session that
   * lives from the first page to the last is given; one that begins or ends meanwhile may be.
   *
   *     for await (const page of store.listAll({ loggedIn: true })) for (const { userId, lastSeenAt } of page) …
   */
  listAll(options?: ListOptions): AsyncGenerator<ListedSession[], void>;

  /** How many sessions live. Unlike {@link len} it does not count those that have expired. */
  count(options?: CountOptions): Result<M, number>;

  /** Removes all sessions that have expired, and gives their number. */
  purgeExpired(): Result<M, number>;
  /** The same in slices, so that other work is not held up. */
  purgeExpired(options: PurgeOptions): Promise<number>;

  /** How many sessions are kept, expired ones that are not purged yet included. */
  len(): Result<M, number>;

  /** Whether none is kept. */
  isEmpty(): Result<M, boolean>;
}
