// The session of one request, as the layer gives it to handlers: it exists before anything is stored, and what handlers
// do to it is carried out when they are done.
import type { JsonData, ReadonlyJson } from "../model/json.ts";
import { andThen } from "../model/maybe-promise.ts";
import { assertUserId } from "../model/options.ts";
import { apply, NO_ENTRIES, Session, type SessionRecord } from "../model/session.ts";
import type { Client, CreateOptions, Mode, Result, SessionEntry, Store } from "../model/store.ts";

/** What became of a session when it was committed: what the browser is to be told. */
export type Outcome = "unchanged" | "set" | "refresh" | "clear";

/** Who has sent the request, as far as it is to be recorded. */
export interface Visitor {
  readonly client: Client;
}

/** One of the user's sessions; `current` is this one. */
export interface DeviceEntry extends SessionEntry {
  readonly current: boolean;
}

/**
 * The session of one request. Reading and changing it is local; the layer stores it once the handler has answered, before
 * the first byte is sent. After that, a change throws.
 */
export class RequestSession<Data extends JsonData<Data> = Record<string, string>, M extends Mode = Mode> {
  readonly #store: Store<Data, M>;
  readonly #visitor: Visitor;
  #session: Session<Data>;
  #stored: boolean;
  /** Id of the stored session that was logged out of, to be destroyed. */
  #left: string | undefined;
  #loggedIn: string | undefined;
  #loggedOut = false;
  #regenerate = false;
  #sealed = false;

  /** Made by the layer. */
  constructor(store: Store<Data, M>, session: Session<Data> | undefined, visitor: Visitor) {
    this.#store = store;
    this.#visitor = visitor;
    this.#session = session ?? new Session(NOTHING);
    this.#stored = session !== undefined;
    // `session.cart = []` would be lost without a word: now it throws.
    Object.preventExtensions(this);
  }

  /** Whether nothing is stored of it yet. */
  get isNew(): boolean {
    return !this.#stored;
  }

  /** The secret that the browser holds; `undefined` while it is new. Never log it: log {@link handle}. */
  get id(): string | undefined {
    return this.#stored ? this.#session.id : undefined;
  }

  /** A name for logs and pages; `undefined` while it is new. */
  get handle(): string | undefined {
    return this.#stored ? this.#session.handle : undefined;
  }

  /** Whose session it is; `undefined` when nobody has logged in. */
  get userId(): string | undefined {
    return this.#loggedIn ?? this.#session.userId;
  }

  /** When the user logged in, in milliseconds since the epoch. */
  get authenticatedAt(): number | undefined {
    return this.#loggedIn === undefined ? this.#session.authenticatedAt : Date.now();
  }

  /** Whether the user logged in within the last so many seconds: ask before anything that needs the password again. */
  authenticatedWithin(seconds: number): boolean {
    return this.#loggedIn !== undefined || this.#session.authenticatedWithin(seconds);
  }

  /** The value of a key. Objects and arrays are frozen: `set` another, such as `[...cart, item]`. */
  get<Key extends keyof Data & string>(key: Key): ReadonlyJson<Data[Key]> | undefined {
    return this.#session.get(key);
  }

  /** Sets a key to a copy of a JSON value. @throws TypeError when the value is not JSON. */
  set<Key extends keyof Data & string>(key: Key, value: ReadonlyJson<Data[Key]>): void {
    this.#assertOpen();
    this.#session.set(key, value);
  }

  remove(key: keyof Data & string): void {
    this.#assertOpen();
    if (this.#session.contains(key)) this.#session.remove(key);
  }

  contains(key: keyof Data & string): boolean {
    return this.#session.contains(key);
  }

  /** Reads a key and removes it: for messages that are shown once. */
  take<Key extends keyof Data & string>(key: Key): Data[Key] | undefined {
    this.#assertOpen();
    return this.#session.take(key);
  }

  keys(): (keyof Data & string)[] {
    return this.#session.keys();
  }

  /**
   * Logs a user in: the session gets a new id, which ends what anybody had planted in the browser, and a new lifetime. What
   * it holds is kept.
   *
   * @throws TypeError when this cannot be the id of a user.
   */
  login(userId: string): void {
    this.#assertOpen();
    assertUserId(userId);
    this.#loggedIn = userId;
  }

  /** Ends the session and forgets all that it holds. What is set afterwards starts another. */
  logout(): void {
    this.#assertOpen();
    if (this.#stored) this.#left = this.#session.id;
    this.#session = new Session(NOTHING);
    this.#stored = false;
    this.#loggedIn = undefined;
    this.#loggedOut = true;
    this.#regenerate = false;
  }

  /** Gives the session a new id: after any change of what its holder may do. `login` does it by itself. */
  regenerate(): void {
    this.#assertOpen();
    this.#regenerate = true;
  }

  /**
   * Atomic read-modify-write of one key, at once, whatever other requests do. See {@link Store.update}.
   *
   * On a session that is not stored yet it is a plain change, since no other request can have it.
   */
  update<Key extends keyof Data & string>(
    key: Key,
    change: (value: Data[Key] | undefined) => ReadonlyJson<Data[Key]> | undefined,
  ): Result<M, ReadonlyJson<Data[Key]> | undefined> {
    this.#assertOpen();
    const session = this.#session;
    if (!this.#stored) {
      // What it gets is its own, as it would be from a store.
      const value = change(structuredClone(session.get(key)) as Data[Key] | undefined);
      if (value === undefined) session.remove(key);
      else session.set(key, value);
      return this.#result(value);
    }
    const done = andThen(this.#store.update(session.id, key, change), (value) => {
      session.adopt(key, value);
      return value;
    });
    return done as Result<M, ReadonlyJson<Data[Key]> | undefined>;
  }

  /** All sessions of this session's user, the one last seen first; none when nobody has logged in. */
  listByUser(): Result<M, DeviceEntry[]> {
    const { userId, handle } = this;
    if (userId === undefined) return this.#result([]);
    const entries = andThen(this.#store.listByUser(userId), (found) =>
      found.map((entry) => ({ ...entry, current: entry.handle === handle })),
    );
    return entries as Result<M, DeviceEntry[]>;
  }

  /** Ends all sessions of this session's user, at once, and gives their number. `exceptThis` keeps this one. */
  destroyByUser(options: { exceptThis?: boolean } = {}): Result<M, number> {
    this.#assertOpen();
    const { userId, handle } = this;
    if (userId === undefined) return this.#result(0);
    const count = this.#store.destroyByUser(userId, { except: options.exceptThis ? handle : undefined });
    if (!options.exceptThis) this.logout();
    return count;
  }

  /** Ends one of the user's sessions, at once, by its handle. `false` when the user has none of that handle. */
  destroyByHandle(handle: string): Result<M, boolean> {
    this.#assertOpen();
    const { userId } = this;
    if (userId === undefined) return this.#result(false);
    if (handle === this.handle) {
      this.logout();
      return this.#result(true);
    }
    return this.#store.destroyByHandle(userId, handle);
  }

  /**
   * For the layer: carries out what handlers have asked for. After a server error only what was asked for explicitly: the
   * data of a request that failed half-way is not to be trusted, but who wanted to leave has left.
   */
  commit(failed: boolean): Outcome | Promise<Outcome> {
    this.#sealed = true;
    return this.#left === undefined
      ? this.#commitRest(failed)
      : andThen(this.#store.destroy(this.#left), () => this.#commitRest(failed));
  }

  /** For the layer: the id to send, and for how many seconds it is good. */
  get ticket(): { id: string; maxAgeSeconds: number } {
    const { idle = Infinity } = this.#store;
    const left = Math.ceil((this.#session.expiresAt - Date.now()) / 1000);
    return { id: this.#session.id, maxAgeSeconds: Math.max(0, Math.min(left, Math.ceil(idle))) };
  }

  #commitRest(failed: boolean): Outcome | Promise<Outcome> {
    return this.#stored ? this.#commitStored(failed) : this.#commitNew(failed);
  }

  #commitStored(failed: boolean): Outcome | Promise<Outcome> {
    const session = this.#session;
    if (failed) session.discard();
    if (this.#loggedIn !== undefined && !failed) return this.#commitLogin(this.#loggedIn);
    if (this.#regenerate) return outcomeOf(this.#store.regenerate(session), "set");
    const outcome = session.touched ? "refresh" : "unchanged";
    return session.changes.size === 0 ? outcome : outcomeOf(this.#store.save(session), outcome);
  }

  #commitLogin(userId: string): Outcome | Promise<Outcome> {
    return andThen(this.#store.login(this.#session, userId, this.#visitor.client), (done) =>
      // A parallel request has ended or renamed this session; its data is gone, but the user has logged in all the same.
      done ? "set" : this.#create(),
    );
  }

  #commitNew(failed: boolean): Outcome | Promise<Outcome> {
    const isWanted = this.#loggedIn !== undefined || apply(NO_ENTRIES, this.#session.changes) !== NO_ENTRIES;
    if (!failed && isWanted) return this.#create();
    return this.#loggedOut ? "clear" : "unchanged";
  }

  #create(): Outcome | Promise<Outcome> {
    const session = this.#session;
    const options: CreateOptions<Data> = {};
    if (session.changes.size > 0) {
      const data = Object.create(null) as Record<string, unknown>;
      for (const key of session.changes.keys()) data[key] = session.get(key as keyof Data & string);
      options.data = data as NonNullable<CreateOptions<Data>["data"]>;
    }
    if (this.#loggedIn !== undefined) {
      options.userId = this.#loggedIn;
      options.client = this.#visitor.client;
    }
    const created: Session<Data> | Promise<Session<Data>> = this.#store.create(options);
    return created instanceof Promise ? created.then((it) => this.#adopt(it)) : this.#adopt(created);
  }

  #adopt(created: Session<Data>): Outcome {
    this.#session = created;
    this.#stored = true;
    return "set";
  }

  #result<Value>(value: Value): Result<M, Value> {
    return (this.#store.mode === "sync" ? value : Promise.resolve(value)) as Result<M, Value>;
  }

  #assertOpen(): void {
    if (this.#sealed) {
      throw new Error(
        "The session was stored and its cookie sent when the response began; change it before that",
      );
    }
  }
}

/** `outcome` when it was done. */
function outcomeOf(done: boolean | Promise<boolean>, outcome: Outcome): Outcome | Promise<Outcome> {
  if (done instanceof Promise) return outcomeLater(done, outcome);
  return done ? outcome : "unchanged";
}

async function outcomeLater(done: Promise<boolean>, outcome: Outcome): Promise<Outcome> {
  return (await done) ? outcome : "unchanged";
}

/** What is known of a session that is stored nowhere yet. */
const NOTHING: SessionRecord = Object.freeze({
  id: "",
  createdAt: 0,
  lastSeenAt: 0,
  expiresAt: 0,
  userId: undefined,
  authenticatedAt: undefined,
  entries: NO_ENTRIES,
  touched: false,
});
