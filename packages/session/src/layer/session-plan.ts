// What one request asks of its session, and how that is carried out once its handler has answered. The rules stand in
// docs/sessions.md; the names L1 to L10 are those of the protocol there.
import { SessionEndedError, SessionStoreUnavailableError } from "../model/errors.ts";
import { impersonated, impersonationEnded } from "../model/events.ts";
import type { JsonData } from "../model/json.ts";
import { andThen } from "../model/maybe-promise.ts";
import {
  type Actor,
  changesOf,
  discardChanges,
  entriesWithChanges,
  NO_ENTRIES,
  Session,
  type SessionRecord,
  stateOf,
} from "../model/session.ts";
import type { Client, CreateOptions, LoginOptions, Mode, Store } from "../model/store.ts";

/** What became of a session when it was committed: what the browser is to be told. */
export type Outcome = "unchanged" | "set" | "clear";

/** Who has sent the request, as far as the session needs to know. */
export interface Visitor {
  /** What is recorded at a login. */
  readonly client: Client;
  /** The id in its cookie or token, where it has one that could be an id. */
  readonly cookieId: string | undefined;
  /** The id of the session to which an impersonation goes back, where the browser holds one. */
  readonly actorId: string | undefined;
  /** Whether the client may be told its id as a token. */
  readonly takesBearer: boolean;
  /** Whether it may have a session all the same, which its browser could not show this time. */
  readonly isKeptOut: boolean;
  /** Who waits no longer for the answer, if that is so: the client has left, or a layer has answered instead. */
  readonly abandonedBy: "client" | "layer" | undefined;
}

/** A login that was asked for. */
export interface WantedLogin extends LoginOptions {
  readonly userId: string;
  /** Whether the client is told its id as a token. */
  readonly bearer?: boolean;
}

/** What is to be done with the session of a request. */
export class SessionPlan<Data extends JsonData<Data>, M extends Mode> {
  readonly store: Store<Data, M>;
  readonly visitor: Visitor;
  session: Session<Data>;
  isStored: boolean;
  login: WantedLogin | undefined;
  regenerate = false;
  renew: { extend: boolean } | undefined;
  isLoggedOut = false;
  isSealed = false;
  /** Whether the session is bound to a device, and the request comes from there. */
  isBound = false;
  /** The stored session that the request has logged out of. */
  #left: Session<Data> | undefined;
  /** The stored session of one user that another is to log in on. */
  #former: Session<Data> | undefined;
  /** Whose session ends with the impersonation that is left. */
  #leftActor: Actor | undefined;
  /** The session that an impersonation is begun from: it lives on. */
  acting: Session<Data> | undefined;
  /** What the browser is to keep for the way back from an impersonation. */
  actorCookie: "set" | "clear" | undefined;
  /** Whether the session is that which an impersonation was begun from. */
  #isResumed = false;
  /** Whether the user whose session was opened has no part in it any more, since it had ended before this request could end it. */
  #isLost = false;
  /** Whether its answer is for a user alone: it was opened as theirs, or is to be. */
  get isOfUser(): boolean {
    return this.#wasOfUser || this.userId !== undefined;
  }

  readonly #wasOfUser: boolean;
  /** Whether it was opened with an id that a renewal had replaced. */
  readonly #isRetired: boolean;
  /** What was asked for at once and is under way. */
  #pending: Set<Promise<unknown>> | undefined;
  /** Why something that was asked for at once was not done. */
  #failure: unknown;

  constructor(store: Store<Data, M>, session: Session<Data> | undefined, visitor: Visitor) {
    this.store = store;
    this.visitor = visitor;
    this.session = session ?? emptySession();
    this.isStored = session !== undefined;
    this.#wasOfUser = session?.userId !== undefined;
    this.#isRetired = session !== undefined && stateOf(session).isRetired;
  }

  /** Whose session it is to be. */
  get userId(): string | undefined {
    return this.login === undefined ? this.session.userId : this.login.userId;
  }

  /** Whether the browser is to get another id. */
  get changesId(): boolean {
    return this.login !== undefined || this.regenerate || this.renew !== undefined;
  }

  /** L3: what another user has left behind is not for this one. */
  logIn(login: WantedLogin): void {
    const { userId } = this;
    // An impersonation never becomes a login of the user.
    if (this.session.actor !== undefined || this.acting !== undefined) this.logOut();
    else if (userId !== undefined && userId !== login.userId) this.#passOn();
    this.login = login;
  }

  /**
   * Goes on in another's name, in a session of its own, which is empty.
   *
   * @throws Error when nobody has logged in, or in somebody else's name already.
   */
  impersonate(userId: string, options: LoginOptions): void {
    const { session, isStored, login } = this;
    const { userId: actor, handle } = session;
    if (!isStored || actor === undefined || login !== undefined) {
      throw new Error("impersonate(): the actor must have logged in, by an earlier request");
    }
    if (session.actor !== undefined) {
      throw new Error("impersonate(): this is an impersonation already; end it first");
    }
    if (actor === userId) throw new Error("impersonate(): the actor is that user");
    this.#forget();
    this.acting = session;
    this.actorCookie = "set";
    this.login = { ...options, userId, authenticated: false, actor: { userId: actor, handle } };
  }

  /** Goes back to the actor's own session, where the browser holds its id and it still lives. Whether it does. */
  endImpersonation(): boolean | Promise<boolean> {
    const { session, store, visitor } = this;
    const { actor } = session;
    if (actor === undefined) throw new Error("endImpersonation(): this is no impersonation");
    const { actorId } = visitor;
    const found = actorId === undefined ? undefined : store.load(actorId);
    return andThen<Session<Data> | undefined, boolean>(
      found as Session<Data> | undefined | Promise<Session<Data> | undefined>,
      (own) => {
        this.#left ??= session;
        this.#forget();
        this.login = undefined;
        this.actorCookie = "clear";
        this.#isResumed = own?.userId === actor.userId && own.handle === actor.handle;
        this.isLoggedOut = !this.#isResumed;
        if (own === undefined || !this.#isResumed) return false;
        this.session = own;
        this.isStored = true;
        return true;
      },
    );
  }

  logOut(): void {
    const left = this.acting ?? this.#former ?? (this.isStored ? this.session : undefined);
    this.#left ??= left;
    this.#leftActor ??= left?.actor;
    this.actorCookie = this.#leftActor === undefined ? undefined : "clear";
    this.acting = undefined;
    this.#isResumed = false;
    this.#former = undefined;
    this.#forget();
    this.login = undefined;
    this.isLoggedOut = true;
  }

  /** Ends the stored session at once. Whether it had not ended before. */
  endAtOnce(): boolean | Promise<boolean> {
    const { session, store } = this;
    // Should this fail, it is tried once more with the rest: the cookie is not cleared before the session has ended.
    this.logOut();
    return andThen<boolean, boolean>(store.destroy(session), (wasLive) => {
      this.#left = undefined;
      announceImpersonation(impersonationEnded, session);
      this.#isLost ||= !wasLive && session.userId !== undefined;
      return wasLive;
    });
  }

  /** Does something at once, and remembers whether it was done. */
  atOnce<Value>(run: () => Value | Promise<Value>): Value | Promise<Value> {
    try {
      const answer = run();
      return answer instanceof Promise ? this.#watch(answer) : answer;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  /**
   * Carries out what was asked for. After a server error only what was asked for explicitly: the data of a request that failed
   * half-way is not to be trusted, but who wanted to leave has left.
   *
   * @throws SessionEndedError when it could not be stored, because the session has ended or got another id meanwhile.
   */
  commit(statusCode: number): Outcome | Promise<Outcome> {
    this.isSealed = true;
    const pending = this.#pending;
    return pending === undefined || pending.size === 0
      ? this.#commit(statusCode)
      : Promise.allSettled(pending).then(() => this.#commit(statusCode));
  }

  #watch<Value>(answer: Promise<Value>): Promise<Value> {
    const pending = (this.#pending ??= new Set());
    const watched = answer
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => pending.delete(watched));
    pending.add(watched);
    return answer;
  }

  /** What is set from now on is the next user's. */
  #passOn(): void {
    discardChanges(this.session);
    // Where nobody has logged in yet, only another login of the same request is given up.
    if (this.session.userId === undefined) return;
    this.#former = this.session;
    this.#forget();
  }

  #forget(): void {
    this.session = emptySession();
    this.isStored = false;
    this.isBound = false;
    this.regenerate = false;
    this.renew = undefined;
  }

  #commit(statusCode: number): Outcome | Promise<Outcome> {
    const failure = this.#failure;
    // L1: nothing that a handler says after this is true, unless it says that something is wrong.
    const isRefused = failure !== undefined && statusCode < 400;
    const failed = isRefused || statusCode >= 500 || this.visitor.abandonedBy === "layer";
    const left = this.#left;
    const outcome =
      left === undefined
        ? this.#commitRest(failed)
        : andThen<boolean, Outcome>(this.store.destroy(left), (wasLive) => {
            this.#isLost ||= !wasLive && left.userId !== undefined;
            announceImpersonation(impersonationEnded, left);
            return this.#commitRest(failed);
          });
    if (!isRefused) return outcome;
    return andThen(outcome, () => {
      throw failure;
    });
  }

  #commitRest(failed: boolean): Outcome | Promise<Outcome> {
    const actor = this.#leftActor;
    if (actor === undefined) return this.#commitPresent(failed);
    this.#leftActor = undefined;
    return andThen<boolean, Outcome>(this.store.destroyByHandle(actor.userId, actor.handle), () =>
      this.#commitPresent(failed),
    );
  }

  #commitPresent(failed: boolean): Outcome | Promise<Outcome> {
    return this.isStored ? this.#commitStored(failed) : this.#commitNew(failed);
  }

  #commitStored(failed: boolean): Outcome | Promise<Outcome> {
    const { session, store, login, renew } = this;
    // L7: whoever is not told of a new id keeps the old one, and what depends on the new one is not stored.
    const isAbandoned = this.visitor.abandonedBy !== undefined;
    if (failed) discardChanges(session);
    if (this.#isResumed) return isAbandoned ? "unchanged" : this.#commitResumed(failed);
    if (login !== undefined && !failed) return isAbandoned ? "unchanged" : this.#commitLogin(login);
    if (this.regenerate) return isAbandoned ? "unchanged" : this.#commitRegenerate(failed);
    if (renew !== undefined && !isAbandoned) return this.#commitRenew(renew, failed);
    if (changesOf(session).size === 0) return "unchanged";
    return andThen<boolean, Outcome>(store.save(session), (done) => outcomeOf(done, "unchanged", failed));
  }

  /** Back in the actor's session, the browser gets its id again. */
  #commitResumed(failed: boolean): Outcome | Promise<Outcome> {
    if (this.#isRetired) throw new SessionEndedError();
    return andThen<boolean, Outcome>(keep(this.store, this.session), (done) =>
      outcomeOf(done, "set", failed),
    );
  }

  #commitRegenerate(failed: boolean): Outcome | Promise<Outcome> {
    const { session, store, renew } = this;
    // A lifetime that begins anew is that of the record, whatever its id.
    const extended = renew?.extend ? store.renew(session, renew) : true;
    return andThen<boolean, Outcome>(extended, () =>
      andThen<boolean, Outcome>(store.regenerate(session), (done) => outcomeOf(done, "set", failed)),
    );
  }

  #commitRenew(renew: { extend: boolean }, failed: boolean): Outcome | Promise<Outcome> {
    const { session, store } = this;
    const { id } = session;
    return andThen<boolean, Outcome>(store.renew(session, renew), (done) =>
      // L5: a parallel request has renewed it already, and its answer brings the new id.
      outcomeOf(done, session.id === id ? "unchanged" : "set", failed),
    );
  }

  #commitLogin(login: WantedLogin): Outcome | Promise<Outcome> {
    const { session, store } = this;
    if (this.#isRetired) throw new SessionEndedError();
    const { userId: loggedIn } = session;
    const { userId } = login;
    const options = loginOptionsOf(login);
    return andThen<boolean, Outcome>(
      store.login(session, userId, { ...options, client: this.visitor.client }),
      (done) => {
        if (done) return this.#announce();
        // L2: nothing brings back a session that has ended, nor its user.
        if (loggedIn !== undefined) throw new SessionEndedError();
        // A visit that was anonymous logs in all the same. But if its id is still good, another answer brings the new one.
        return andThen<boolean, Outcome>(store.touch(session), (isRenewed) => {
          if (isRenewed) throw new SessionEndedError();
          return this.#create();
        });
      },
    );
  }

  /** From one user to another: in place, so that it is done as a whole, and only if no other request has changed the id. */
  #commitPassOn(former: Session<Data>, login: WantedLogin): Outcome | Promise<Outcome> {
    const { session, store } = this;
    if (this.#isRetired) throw new SessionEndedError();
    const { userId } = login;
    const options = loginOptionsOf(login);
    return andThen<boolean, Outcome>(
      store.login(former, userId, { ...options, client: this.visitor.client }),
      (done) => {
        if (!done) throw new SessionEndedError();
        this.session = former;
        this.isStored = true;
        if (changesOf(session).size === 0) return this.#announce();
        for (const key of changesOf(session).keys() as Iterable<keyof Data & string>) {
          const value = session.get(key);
          if (value !== undefined) former.set(key, value);
        }
        return andThen<boolean, Outcome>(store.save(former), (isSaved) => {
          if (!isSaved) throw new SessionEndedError();
          return this.#announce();
        });
      },
    );
  }

  #commitNew(failed: boolean): Outcome | Promise<Outcome> {
    const { session, login, visitor, store } = this;
    if (this.#former !== undefined && login !== undefined) {
      if (failed || visitor.abandonedBy !== undefined) return "unchanged";
      return this.#commitPassOn(this.#former, login);
    }
    const isWanted = !failed && (login !== undefined || entriesWithChanges(session) !== NO_ENTRIES);
    // L5: a request under a retired id never sets a cookie.
    const cleared = this.isLoggedOut && !this.#isRetired ? "clear" : "unchanged";
    if (!isWanted || visitor.abandonedBy !== undefined) return cleared;
    if (this.#isRetired || (login !== undefined && this.#isLost)) throw new SessionEndedError();
    if (this.acting !== undefined) return this.#createFor(this.acting);
    if (login !== undefined || this.isLoggedOut || visitor.cookieId === undefined) return this.#create();
    // Another cookie would take the place of the one with which it comes back in a moment.
    if (visitor.isKeptOut) throw new SessionStoreUnavailableError();
    // The cookie opens nothing. If it did a moment ago, the browser is about to get the id that took its place.
    return andThen<boolean, Outcome>(store.wasReplaced(visitor.cookieId), (wasReplaced) => {
      if (wasReplaced) throw new SessionEndedError();
      return this.#create();
    });
  }

  /** An impersonation begins only while its actor is logged in. */
  #createFor(acting: Session<Data>): Outcome | Promise<Outcome> {
    return andThen<boolean, Outcome>(keep(this.store, acting), (done) => {
      if (!done) throw new SessionEndedError();
      return this.#create();
    });
  }

  #create(): Outcome | Promise<Outcome> {
    const { session, login } = this;
    const options: CreateOptions<Data> = {};
    if (login !== undefined)
      Object.assign(options, loginOptionsOf(login), { userId: login.userId, client: this.visitor.client });
    if (changesOf(session).size > 0) {
      const data = Object.create(null) as Record<string, unknown>;
      for (const key of changesOf(session).keys()) data[key] = session.get(key as keyof Data & string);
      options.data = data as NonNullable<CreateOptions<Data>["data"]>;
    }
    return andThen<Session<Data>, Outcome>(
      this.store.create(options) as Session<Data> | Promise<Session<Data>>,
      (created) => {
        this.session = created;
        this.isStored = true;
        announceImpersonation(impersonated, created);
        return this.#announce();
      },
    );
  }

  /** L7: a session that nobody can hear of any more is ended again. */
  #announce(): Outcome | Promise<Outcome> {
    if (this.visitor.abandonedBy === undefined) return "set";
    return andThen<boolean, Outcome>(this.store.destroy(this.session), () => "unchanged");
  }
}

function loginOptionsOf({ userId: _userId, bearer: _bearer, ...options }: WantedLogin): LoginOptions {
  return options;
}

/** Whether a session lives; what was changed in it is stored. */
function keep<Data extends JsonData<Data>, M extends Mode>(
  store: Store<Data, M>,
  session: Session<Data>,
): boolean | Promise<boolean> {
  return changesOf(session).size === 0 ? store.touch(session) : store.save(session);
}

function announceImpersonation<Data extends JsonData<Data>>(
  event: typeof impersonated,
  { handle, userId, actor }: Session<Data>,
): void {
  if (actor === undefined || userId === undefined || !event.hasSubscribers) return;
  event.publish({ handle, userId, actor });
}

/** L1: what was not done is not answered as if it were. A handler that failed has said so itself. */
function outcomeOf(done: boolean, outcome: Outcome, failed: boolean): Outcome {
  if (done) return outcome;
  if (!failed) throw new SessionEndedError();
  return "unchanged";
}

function emptySession<Data extends JsonData<Data>>(): Session<Data> {
  return new Session(NOTHING);
}

/** What is known of a session that is stored nowhere yet. */
const NOTHING: SessionRecord = Object.freeze({
  id: "",
  createdAt: 0,
  lastSeenAt: 0,
  expiresAt: 0,
  renewedAt: 0,
  login: undefined,
  device: undefined,
  entries: NO_ENTRIES,
  isRetired: false,
  now: () => Date.now(),
});
