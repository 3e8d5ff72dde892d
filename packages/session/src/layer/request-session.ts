// The session of one request, as the layer gives it to handlers: it exists before anything is stored, and what handlers
// do to it is carried out when they are done.
import { checkOptions, isBoolean } from "@hatcheck/core/options";
import type { JsonData, ReadonlyJson } from "../model/json.ts";
import { andThen } from "../model/maybe-promise.ts";
import {
  assertLoginOptions,
  seconds as secondsOfLogin,
  assertRenewOptions,
  assertUserId,
} from "../model/options.ts";
import { absorbChange, type Actor, adoptValue, changesOf } from "../model/session.ts";
import type {
  DestroyByUserOptions,
  LoginOptions,
  Mode,
  RenewOptions,
  Result,
  SessionEntry,
} from "../model/store.ts";
import type { SessionPlan } from "./session-plan.ts";

/** One of the user's sessions; `current` is this one. */
export interface DeviceEntry extends SessionEntry {
  readonly current: boolean;
}

/** How a user logs in. From where is recorded by the layer. */
export interface RequestLoginOptions extends Pick<
  LoginOptions,
  "stamp" | "ttl" | "persistent" | "authenticated"
> {
  /**
   * Whether the client is told its id as a token, in the field `Session-Token`, and not as a cookie: for the login of clients that
   * are no browsers. The layer has to take tokens: `bearer: true`.
   */
  bearer?: boolean;
}

/** How somebody acts in a user's name. */
export interface ImpersonateOptions {
  /** Seconds that it lasts; an hour unless given, and no longer than the store's `ttl`. */
  ttl?: number;
}

/** Seconds: nobody should act in another's name for long. */
const IMPERSONATION_TTL = 3600;

/** For the layer: what a session was asked for. */
export let planOf: <Data extends JsonData<Data>, M extends Mode>(
  session: RequestSession<Data, M>,
) => SessionPlan<Data, M>;

/**
 * The session of one request. Reading and changing it is local; the layer stores it once the handler has answered, before
 * the first byte is sent. After that, a change throws. What is done at once says so.
 *
 * Where what was asked for could not be stored, because the session has ended or got another id meanwhile, the answer is a
 * `SessionEndedError`: 409, without a cookie.
 */
export class RequestSession<Data extends JsonData<Data> = Record<string, string>, M extends Mode = Mode> {
  readonly #plan: SessionPlan<Data, M>;

  /** Made by the layer. */
  constructor(plan: SessionPlan<Data, M>) {
    this.#plan = plan;
    // `session.cart = []` would be lost without a word: now it throws.
    Object.preventExtensions(this);
  }

  /** Whether nothing is stored of it yet. */
  get isNew(): boolean {
    return !this.#plan.isStored;
  }

  /**
   * The secret that the browser holds. `undefined` while it is new, and after `login`, `regenerate` and `renew`: the next one is
   * made when the session is stored. Never log it: log {@link handle}.
   */
  get id(): string | undefined {
    const { isStored, changesId, session } = this.#plan;
    return isStored && !changesId ? session.id : undefined;
  }

  /** A name for logs and pages; `undefined` while it is new. */
  get handle(): string | undefined {
    const { isStored, session } = this.#plan;
    return isStored ? session.handle : undefined;
  }

  /** Whose session it is; `undefined` when nobody has logged in. */
  get userId(): string | undefined {
    return this.#plan.userId;
  }

  /** Whether it is bound to the device that the request comes from: see `deviceBound` of the layer. */
  get deviceBound(): boolean {
    const { isBound, login, session } = this.#plan;
    // Who logs in as another begins with no device.
    return isBound && (login === undefined || login.userId === session.userId);
  }

  /** Who really acts, where it is somebody else in the user's name. */
  get actor(): Actor | undefined {
    const { login, session } = this.#plan;
    return login === undefined ? session.actor : login.actor;
  }

  /**
   * When the user proved who they are, in milliseconds since the epoch by the store's clock; `undefined` when nobody has logged
   * in, or by less than a password.
   */
  get authenticatedAt(): number | undefined {
    const { login, session, store } = this.#plan;
    if (login === undefined) return session.authenticatedAt;
    return login.authenticated === false ? undefined : store.now();
  }

  /** Whether the user logged in within the last so many seconds: ask before anything that needs the password again. */
  authenticatedWithin(seconds: number): boolean {
    const { login, session } = this.#plan;
    return login === undefined ? session.authenticatedWithin(seconds) : login.authenticated !== false;
  }

  /** Whether its id was given out within the last so many seconds: ask before `renew`. */
  renewedWithin(seconds: number): boolean {
    const { isStored, changesId, session } = this.#plan;
    return !isStored || changesId || session.renewedWithin(seconds);
  }

  /** The value of a key. Objects and arrays are frozen: `set` another, such as `[...cart, item]`. */
  get<Key extends keyof Data & string>(key: Key): ReadonlyJson<Data[Key]> | undefined {
    return this.#plan.session.get(key);
  }

  /** Sets a key to a copy of a JSON value. @throws TypeError when the value is not JSON. */
  set<Key extends keyof Data & string>(key: Key, value: ReadonlyJson<Data[Key]>): void {
    this.#open().session.set(key, value);
  }

  remove(key: keyof Data & string): void {
    const { session } = this.#open();
    if (session.contains(key)) session.remove(key);
  }

  contains(key: keyof Data & string): boolean {
    return this.#plan.session.contains(key);
  }

  keys(): (keyof Data & string)[] {
    return this.#plan.session.keys();
  }

  /**
   * Reads a key and removes it, at once and atomically: of several requests that take the same key, one gets its value. For
   * messages that are shown once, and for tokens. It costs a store call only where there is something to take.
   */
  take<Key extends keyof Data & string>(key: Key): Result<M, Data[Key] | undefined> {
    const { session, isStored } = this.#open();
    if (!isStored || changesOf(session).has(key) || !session.contains(key)) {
      return this.#result(session.take(key));
    }
    let taken: Data[Key] | undefined;
    const read = (value: Data[Key] | undefined): undefined => {
      taken = value;
    };
    return this.#result(andThen<unknown, Data[Key] | undefined>(this.#update(key, read), () => taken));
  }

  /**
   * Atomic read-modify-write of one key, at once, whatever other requests do. See {@link Store.update}. It goes out from what
   * this request has set before.
   *
   * On a session that is not stored yet it is a plain change, since no other request can have it.
   */
  update<Key extends keyof Data & string>(
    key: Key,
    change: (value: Data[Key] | undefined) => ReadonlyJson<Data[Key]> | undefined,
  ): Result<M, ReadonlyJson<Data[Key]> | undefined> {
    const { session, isStored } = this.#open();
    if (isStored) return this.#result(this.#update(key, change));
    // What it gets is its own, as it would be from a store.
    const value = change(structuredClone(session.get(key)) as Data[Key] | undefined);
    if (value === undefined) session.remove(key);
    else session.set(key, value);
    return this.#result(value);
  }

  /**
   * Logs a user in: the session gets a new id, which ends what anybody had planted in the browser, and a new lifetime. What an
   * anonymous visitor or the same user had stays; what another user had is removed, and what is set from now on is the next's.
   *
   * @throws TypeError when this cannot be the id of a user, or an option is wrong.
   */
  login(userId: string, options: RequestLoginOptions = {}): void {
    const plan = this.#open();
    assertUserId(userId);
    const { bearer, ...others } = options;
    assertLoginOptions(others);
    isBoolean(bearer ?? false, "login(): bearer");
    if (bearer === true && !plan.visitor.takesBearer) {
      throw new TypeError(
        "login(): bearer needs a layer that takes tokens: sessionLayer(store, { bearer: true })",
      );
    }
    plan.logIn({ ...options, userId });
  }

  /**
   * Goes on in a user's name, in a session of its own: empty, without a password entered, and not in the user's list of devices.
   * {@link actor} tells who really acts. It ends with the actor's sessions, and `login` and `logout` end both.
   *
   * @throws Error when nobody has logged in, or in somebody else's name already. TypeError when this cannot be a user's id.
   */
  impersonate(userId: string, options: ImpersonateOptions = {}): void {
    const plan = this.#open();
    assertUserId(userId);
    checkOptions("impersonate()", options, { ttl: secondsOfLogin });
    const { ttl = IMPERSONATION_TTL } = options;
    plan.impersonate(userId, { ttl: Math.min(ttl, plan.store.ttl) });
  }

  /**
   * Ends an impersonation and goes back to the actor's own session, with all that it holds. `false` when that has ended meanwhile,
   * or the client holds no id of it, as with a bearer token: then nobody is logged in here.
   *
   * @throws Error when this is no impersonation.
   */
  endImpersonation(): Result<M, boolean> {
    const plan = this.#open();
    return this.#result(plan.atOnce(() => plan.endImpersonation()));
  }

  /** Ends the session, whatever its id has become meanwhile, and forgets all that it holds. What is set afterwards starts another. */
  logout(): void {
    this.#open().logOut();
  }

  /**
   * Gives the session a new id, after any change of what its holder may do; the old one is dead at once. `login` does it by
   * itself. Of several requests that do this at once, one succeeds: see {@link renew}.
   */
  regenerate(): void {
    this.#open().regenerate = true;
  }

  /**
   * Gives the session a new id as a precaution, now and then. The old one is good for a moment more (the store's `grace`), so
   * that parallel requests keep their place. `extend` begins the lifetime of a logged-in session anew. An empty session stays
   * one that is not stored.
   */
  renew(options: RenewOptions = {}): void {
    const plan = this.#open();
    assertRenewOptions(options);
    if (plan.isStored) plan.renew = { extend: options.extend === true || plan.renew?.extend === true };
  }

  /** All sessions of this session's user, the one last seen first; none when nobody has logged in. */
  listByUser(): Result<M, DeviceEntry[]> {
    const { userId, handle } = this;
    if (userId === undefined) return this.#result([]);
    return this.#result(
      andThen(this.#plan.store.listByUser(userId), (found) =>
        // Who acts in the user's name is no device of theirs.
        found.flatMap((entry) =>
          entry.actor === undefined ? [Object.assign({ current: entry.handle === handle }, entry)] : [],
        ),
      ),
    );
  }

  /**
   * Ends all sessions of this session's user, at once, and gives their number. `exceptThis` keeps this one. For `stamp` see
   * {@link DestroyByUserOptions}.
   */
  destroyByUser(
    options: { exceptThis?: boolean } & Pick<DestroyByUserOptions<Data>, "stamp"> = {},
  ): Result<M, number> {
    const plan = this.#open();
    const { store, session, isStored } = plan;
    const { userId, handle } = this;
    if (userId === undefined) return this.#result(0);
    const { exceptThis = false, ...rest } = options;
    const except = { ...rest, ...(exceptThis && { except: handle }) };
    if (exceptThis || !isStored) {
      if (!exceptThis) plan.logOut();
      return this.#result(plan.atOnce(() => store.destroyByUser(userId, except)));
    }
    const end = () =>
      andThen<boolean, number>(plan.endAtOnce(), (wasLive) =>
        andThen<number, number>(
          store.destroyByUser(userId, except),
          (count) => count + Number(wasLive && session.userId === userId),
        ),
      );
    return this.#result(plan.atOnce(end));
  }

  /** Ends one of the user's sessions, at once, by its handle. `false` when the user has none of that handle. */
  destroyByHandle(handle: string): Result<M, boolean> {
    const plan = this.#open();
    const { userId } = this;
    if (userId === undefined) return this.#result(false);
    if (handle === this.handle) {
      plan.logOut();
      return this.#result(true);
    }
    return this.#result(plan.atOnce(() => plan.store.destroyByHandle(userId, handle)));
  }

  #update<Key extends keyof Data & string>(
    key: Key,
    change: (value: Data[Key] | undefined) => ReadonlyJson<Data[Key]> | undefined,
  ): ReadonlyJson<Data[Key]> | undefined | Promise<ReadonlyJson<Data[Key]> | undefined> {
    const plan = this.#plan;
    const { session, store } = plan;
    const isChanged = absorbChange(session, key);
    const own = session.get(key);
    const from = isChanged ? () => change(structuredClone(own) as Data[Key] | undefined) : change;
    type Value = ReadonlyJson<Data[Key]> | undefined;
    return plan.atOnce(() =>
      andThen<Value, Value>(store.update(session.id, key, from) as Value | Promise<Value>, (value) => {
        adoptValue(session, key, value);
        return value;
      }),
    );
  }

  #result<Value>(value: Value | Promise<Value>): Result<M, Value> {
    const { mode } = this.#plan.store;
    return (mode === "sync" || value instanceof Promise ? value : Promise.resolve(value)) as Result<M, Value>;
  }

  #open(): SessionPlan<Data, M> {
    const plan = this.#plan;
    if (plan.isSealed) {
      throw new Error(
        "The session was stored and its cookie sent when the response began; change it before that",
      );
    }
    return plan;
  }

  static {
    planOf = (session) => session.#plan;
  }
}
