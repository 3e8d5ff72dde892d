// The default store: this process's memory. Everything is synchronous, so every method is one atomic step.
import { setImmediate as nextTurn } from "node:timers/promises";
import { isBound } from "../model/device.ts";
import {
  SessionEndedError,
  SessionIdInUseError,
  SessionStoreFullError,
  SessionTooLargeError,
} from "../model/errors.ts";
import {
  created,
  destroyed,
  expired,
  loaded,
  refused,
  regenerated,
  type RefusalReason,
  saved,
} from "../model/events.ts";
import { flat, flatKey } from "../model/flat-string.ts";
import type { JsonData, ReadonlyJson } from "../model/json.ts";
import { ExpiryHeap, SeenList } from "./eviction-order.ts";
import { ShardedMap } from "./sharded-map.ts";
import { countOf } from "@hatcheck/core/options";
import {
  assertChange,
  assertCreateOptions,
  assertId,
  assertLoginOptions,
  assertRenewOptions,
  assertSession,
  assertUserId,
  isUserId,
  type Settings,
  settingsOf,
  sliceOf,
  sparedBy,
} from "../model/options.ts";
import { type Login, loginOf, loginRecordOf } from "../model/login.ts";
import { conform } from "../model/schema.ts";
import { type FormerId, formerAs, withFormer } from "./former-ids.ts";
import { Stamps } from "./stamps.ts";
import {
  acceptEntries,
  acceptState,
  apply,
  changesOf,
  type Changes,
  type Entries,
  entriesOf,
  find,
  isLarger,
  type LoginRecord,
  NO_ENTRIES,
  Session,
  type SessionRecord,
  toStored,
  toValue,
} from "../model/session.ts";
import { generateId, isSameId, isWellFormedId, recordIdOf, regenerateId } from "../model/session-id.ts";
import type {
  Client,
  CreateOptions,
  DestroyByUserOptions,
  LoginOptions,
  PurgeOptions,
  RenewOptions,
  SessionEntry,
  Store,
  StoreOptions,
} from "../model/store.ts";

export interface MemoryOptions<Data> extends StoreOptions<Data> {
  /**
   * Most sessions that are kept; 1,000,000 unless given. When it is full, expired sessions go first, then those without a
   * user that were not seen for longest.
   */
  maxSessions?: number;
}

/** Who has logged in; most sessions of a public site have none of this. */
interface KeptLogin extends LoginRecord {
  readonly client: Client;
}

/** A record as it is kept. In memory the whole id is the key: whoever can read it has the process already. */
interface Kept {
  id: string;
  readonly handle: string;
  readonly createdAt: number;
  lastSeenAt: number;
  expiresAt: number;
  renewedAt: number;
  entries: Entries;
  login: KeptLogin | undefined;
  device: string | undefined;
  former: readonly FormerId[] | undefined;
  // Its places in the two orders.
  dueAt: number;
  heapIndex: number;
  newer: Kept | undefined;
  older: Kept | undefined;
}

/** After so many calls of `change` it is certain that it changes the value itself. */
const UPDATE_ATTEMPTS = 200;

/** Records that a purge looks at before it looks at the clock: a fraction of a millisecond. */
const PURGE_BATCH = 100;

/**
 * Sessions in memory: gone when the process ends, and not shared with others.
 *
 *     const store = new SessionStore(3600);
 */
export class SessionStore<Data extends JsonData<Data> = Record<string, string>> implements Store<
  Data,
  "sync"
> {
  readonly mode = "sync";
  readonly #settings: Settings<Data>;
  readonly #maxSessions: number;
  /** By handle, which stays when the id changes. */
  readonly #records = new ShardedMap<Kept>();
  readonly #stamps = new Stamps();
  readonly #byUser = new Map<string, Set<Kept>>();
  readonly #byExpiry = new ExpiryHeap<Kept>();
  /** Sessions without a user: those that may be dropped when the store is full. */
  readonly #anonymous = new SeenList<Kept>();

  /** @throws RangeError or TypeError for an option that is wrong. */
  constructor(options: number | MemoryOptions<Data>) {
    this.#settings = settingsOf("SessionStore", options, { maxSessions: countOf("") });
    this.#maxSessions = (typeof options === "object" ? options.maxSessions : undefined) ?? 1_000_000;
  }

  get ttl(): number {
    return this.#settings.ttl;
  }

  get idle(): number | undefined {
    return this.#settings.idle;
  }

  now(): number {
    return Date.now();
  }

  create(options?: CreateOptions<Data>): Session<Data> {
    return this.#insert(generateId(), options);
  }

  createWithId(id: string, options?: CreateOptions<Data>): Session<Data> {
    assertId(id);
    const present = this.#records.get(recordIdOf(id));
    if (present !== undefined) {
      if (this.#isLive(present, Date.now())) throw new SessionIdInUseError();
      this.#drop(present);
    }
    return this.#insert(flat(id), options);
  }

  load(id: string): Session<Data> | undefined {
    const kept = this.#find(id);
    if (kept === undefined) return undefined;
    const now = Date.now();
    if (!this.#isLive(kept, now)) {
      if (expired.hasSubscribers) expired.publish({ handle: kept.handle });
      return undefined;
    }
    const { schema } = this.#settings;
    let { entries } = kept;
    if (schema !== undefined) {
      const conforming = conform(schema, entries, true);
      if (conforming === undefined) {
        announceRefusal(id, "schema");
        return undefined;
      }
      entries = conforming;
    }
    this.#see(kept, now);
    if (loaded.hasSubscribers) loaded.publish({ handle: kept.handle });
    return new Session(toRecord(kept, id, entries, kept.id !== id));
  }

  save(session: Session<Data>): boolean {
    assertSession("save", session);
    const kept = this.#live(session.id);
    if (kept === undefined) return refuseGone(session.id);
    this.#write(kept, changesOf(session));
    acceptEntries(session, kept.entries);
    if (saved.hasSubscribers) saved.publish({ handle: session.handle });
    return true;
  }

  touch(session: Session<Data>): boolean {
    assertSession("touch", session);
    const kept = this.#live(session.id);
    if (kept === undefined) return refuseGone(session.id);
    this.#see(kept, Date.now());
    return true;
  }

  regenerate(session: Session<Data>): boolean {
    assertSession("regenerate", session);
    const kept = this.#current(session.id);
    if (kept === undefined) return refuseGone(session.id);
    this.#write(kept, changesOf(session));
    this.#rename(kept, session, Date.now(), true);
    return true;
  }

  renew(session: Session<Data>, options: RenewOptions = {}): boolean {
    assertSession("renew", session);
    assertRenewOptions(options);
    const kept = this.#live(session.id);
    if (kept === undefined) return refuseGone(session.id);
    this.#write(kept, changesOf(session));
    const now = Date.now();
    if (options.extend === true && kept.login !== undefined) this.#extend(kept, now, kept.login.ttlMs);
    if (kept.id === session.id) this.#rename(kept, session, now, false);
    else acceptState(session, toRecord(kept, session.id, kept.entries, true), kept.entries);
    return true;
  }

  login(session: Session<Data>, userId: string, options: LoginOptions = {}): boolean {
    assertSession("login", session);
    assertUserId(userId);
    assertLoginOptions(options);
    const kept = this.#current(session.id);
    if (kept === undefined) return refuseGone(session.id);
    const now = Date.now();
    const login = loginOf(userId, options);
    if (this.#isStale(kept.id, login, now)) return false;
    const before = kept.login;
    if (before === undefined || before.userId === userId) {
      this.#write(kept, changesOf(session));
    } else {
      // What the former user left behind is not for the next.
      kept.entries = NO_ENTRIES;
      kept.device = undefined;
    }
    this.#forgetUser(kept);
    const after = keptLoginOf(login, now, before);
    this.#extend(kept, now, after.ttlMs);
    this.#rememberUser(kept, after);
    this.#rename(kept, session, now, true);
    return true;
  }

  update<Key extends keyof Data & string>(
    id: string,
    key: Key,
    change: (value: Data[Key] | undefined) => ReadonlyJson<Data[Key]> | undefined,
  ): ReadonlyJson<Data[Key]> | undefined {
    assertChange(key, change);
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
      const kept = this.#live(id);
      if (kept === undefined) return refuseUpdate(id);
      const before = find(kept.entries, key);
      const value = change(toValue(before) as Data[Key] | undefined);
      const next = value === undefined ? undefined : toStored(key, value);
      // `change` may have ended the session, or written to it.
      if (this.#live(id) !== kept) return refuseUpdate(id);
      if (find(kept.entries, key) !== before) continue;
      this.#write(kept, new Map([[flatKey(key), next]]));
      if (saved.hasSubscribers) saved.publish({ handle: kept.handle });
      return value;
    }
    throw new Error(
      `update: change itself writes the key ${JSON.stringify(key)} each time that it is called`,
    );
  }

  exchangeDevice(session: Session<Data>, expected: string | undefined, next: string | undefined): boolean {
    assertSession("exchangeDevice", session);
    const kept = this.#live(session.id);
    if (kept === undefined) return refuseGone(session.id);
    if (kept.device !== expected) return false;
    kept.device = next;
    return true;
  }

  destroy(session: Session<Data> | string): boolean {
    // Of a session that was loaded it is the record that ends, whatever its id has become.
    const kept = session instanceof Session ? this.#records.get(session.handle) : this.#find(session);
    return kept !== undefined && this.#end(kept);
  }

  wasReplaced(id: string): boolean {
    const kept = isWellFormedId(id) ? this.#records.get(recordIdOf(id)) : undefined;
    const now = Date.now();
    return kept !== undefined && this.#isLive(kept, now) && formerAs(kept.former, id, now) === "dead";
  }

  listByUser(userId: string): SessionEntry[] {
    if (!isUserId(userId)) return [];
    const now = Date.now();
    const entries: SessionEntry[] = [];
    for (const kept of this.#byUser.get(userId) ?? []) {
      if (this.#isLive(kept, now)) entries.push(toEntry(kept));
    }
    return entries.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  destroyByUser(userId: string, options: DestroyByUserOptions<Data> = {}): number {
    const spared = sparedBy(options);
    if (!isUserId(userId)) return 0;
    if (options.stamp !== undefined) this.#stamps.set(userId, options.stamp, Date.now());
    let count = 0;
    for (const kept of this.#byUser.get(userId) ?? []) {
      if (!spared.includes(kept.handle) && this.#end(kept)) count += 1;
    }
    return count;
  }

  destroyByHandle(userId: string, handle: string): boolean {
    if (!isUserId(userId)) return false;
    const kept = isWellFormedId(handle) ? this.#records.get(handle) : undefined;
    return kept?.login?.userId === userId && this.#end(kept);
  }

  purgeExpired(): number;
  purgeExpired(options: PurgeOptions): Promise<number>;
  purgeExpired(options?: PurgeOptions): number | Promise<number> {
    return options === undefined ? this.#purge(Date.now(), Infinity) : this.#purgeInSlices(sliceOf(options));
  }

  len(): number {
    return this.#records.size;
  }

  isEmpty(): boolean {
    return this.#records.size === 0;
  }

  /** When a record ends: its lifetime, or earlier when it idles. */
  #endOf(kept: Kept): number {
    return Math.min(kept.expiresAt, kept.lastSeenAt + this.#settings.idleMs);
  }

  #isLive(kept: Kept, now: number): boolean {
    return now < this.#endOf(kept);
  }

  /** The record that an id opens, be it expired. */
  #find(id: string): Kept | undefined {
    if (!isWellFormedId(id)) return undefined;
    const kept = this.#records.get(recordIdOf(id));
    if (kept === undefined || isSameId(kept.id, id)) return kept;
    return kept.former !== undefined && formerAs(kept.former, id, Date.now()) === "good" ? kept : undefined;
  }

  #live(id: string): Kept | undefined {
    const kept = this.#find(id);
    return kept !== undefined && this.#isLive(kept, Date.now()) ? kept : undefined;
  }

  /** The record that has this very id. */
  #current(id: string): Kept | undefined {
    const kept = this.#live(id);
    return kept?.id === id ? kept : undefined;
  }

  #isStale(id: string, { userId, stamp }: Login, now: number): boolean {
    if (stamp === undefined || !this.#stamps.refuses(userId, stamp, now)) return false;
    announceRefusal(id, "stamp");
    return true;
  }

  /** Begins the lifetime anew. */
  #extend(kept: Kept, now: number, ttlMs: number | undefined): void {
    kept.lastSeenAt = now;
    kept.expiresAt = now + (ttlMs ?? this.#settings.ttlMs);
    this.#byExpiry.remove(kept);
    kept.dueAt = this.#endOf(kept);
    this.#byExpiry.add(kept);
  }

  #see(kept: Kept, now: number): void {
    // The heap is not told: its `dueAt` is only a time before which the record cannot have expired.
    kept.lastSeenAt = now;
    if (kept.login === undefined) this.#anonymous.renew(kept);
  }

  #insert(id: string, options: CreateOptions<Data> = {}): Session<Data> {
    assertCreateOptions(options);
    const { data, userId } = options;
    const entries = data === undefined ? NO_ENTRIES : entriesOf(data);
    if (isLarger(entries, this.#settings.maxBytes)) this.#refuseLarge(id);
    const now = Date.now();
    const handle = flat(recordIdOf(id));
    const login = userId === undefined ? undefined : loginOf(userId, options);
    if (login !== undefined && this.#isStale(id, login, now)) throw new SessionEndedError();
    this.#makeRoom(id);
    const ttlMs = login?.ttlMs ?? this.#settings.ttlMs;
    const kept: Kept = {
      id,
      handle,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + ttlMs,
      renewedAt: now,
      entries,
      login: undefined,
      device: undefined,
      former: undefined,
      dueAt: now + Math.min(ttlMs, this.#settings.idleMs),
      heapIndex: -1,
      newer: undefined,
      older: undefined,
    };
    this.#records.set(handle, kept);
    this.#byExpiry.add(kept);
    this.#anonymous.add(kept);
    if (login !== undefined) this.#rememberUser(kept, keptLoginOf(login, now, undefined));
    if (created.hasSubscribers) created.publish({ handle });
    return new Session(toRecord(kept, id, entries, false));
  }

  #makeRoom(id: string): void {
    if (this.#records.size < this.#maxSessions) return;
    this.#purge(Date.now(), PURGE_BATCH);
    if (this.#records.size < this.#maxSessions) return;
    const { oldest } = this.#anonymous;
    if (oldest === undefined) {
      if (this.#purge(Date.now(), Infinity) > 0) return;
      announceRefusal(id, "full");
      throw new SessionStoreFullError();
    }
    this.#drop(oldest);
    if (destroyed.hasSubscribers) destroyed.publish({ handle: oldest.handle });
  }

  #write(kept: Kept, changes: Changes): void {
    const entries = apply(kept.entries, changes);
    if (entries !== kept.entries && isLarger(entries, this.#settings.maxBytes)) this.#refuseLarge(kept.id);
    kept.entries = entries;
  }

  #refuseLarge(id: string): never {
    announceRefusal(id, "too-large");
    throw new SessionTooLargeError(this.#settings.maxBytes);
  }

  /** Gives a record another id; the old one is good for a moment, or dead at once. */
  #rename(kept: Kept, session: Session<Data>, now: number, isStrict: boolean): void {
    const { graceMs } = this.#settings;
    kept.former = withFormer(kept.former, kept.id, { now, graceMs, isStrict });
    kept.id = regenerateId(kept.id);
    kept.renewedAt = now;
    acceptState(session, toRecord(kept, kept.id, kept.entries, false), kept.entries);
    if (regenerated.hasSubscribers) regenerated.publish({ handle: session.handle });
  }

  /** To be called for a record in the list of those without a user. */
  #rememberUser(kept: Kept, login: KeptLogin): void {
    this.#anonymous.remove(kept);
    kept.login = login;
    const others = this.#byUser.get(login.userId);
    if (others === undefined) this.#byUser.set(login.userId, new Set([kept]));
    else others.add(kept);
  }

  /** Puts a record into the list of those without a user. */
  #forgetUser(kept: Kept): void {
    if (kept.login === undefined) return;
    const own = this.#byUser.get(kept.login.userId);
    own?.delete(kept);
    if (own?.size === 0) this.#byUser.delete(kept.login.userId);
    kept.login = undefined;
    this.#anonymous.add(kept);
  }

  /** Whether it was live; that is announced. */
  #end(kept: Kept): boolean {
    const wasLive = this.#isLive(kept, Date.now());
    this.#drop(kept);
    if (wasLive && destroyed.hasSubscribers) destroyed.publish({ handle: kept.handle });
    return wasLive;
  }

  #drop(kept: Kept): void {
    this.#forgetUser(kept);
    this.#anonymous.remove(kept);
    this.#byExpiry.remove(kept);
    this.#records.delete(kept.handle);
  }

  /** Removes those of the `most` records due first that have expired, and gives their number: it looks at no other. */
  #purge(now: number, most: number): number {
    let count = 0;
    for (let looked = 0; looked < most; looked += 1) {
      const first = this.#byExpiry.first();
      if (first === undefined || first.dueAt > now) break;
      const end = this.#endOf(first);
      if (end > now) {
        // It was seen since it was put there.
        first.dueAt = end;
        this.#byExpiry.sinkFirst();
        continue;
      }
      this.#drop(first);
      count += 1;
      if (expired.hasSubscribers) expired.publish({ handle: first.handle });
    }
    return count;
  }

  async #purgeInSlices(sliceMs: number): Promise<number> {
    let total = 0;
    for (;;) {
      const until = performance.now() + sliceMs;
      do {
        const now = Date.now();
        total += this.#purge(now, PURGE_BATCH);
        if ((this.#byExpiry.first()?.dueAt ?? Infinity) > now) return total;
      } while (performance.now() < until);
      await nextTurn();
    }
  }
}

function keptLoginOf(login: Login, now: number, before: LoginRecord | undefined): KeptLogin {
  return { ...loginRecordOf(login, now, before), client: login.client };
}

/** One function for all, so that reading it costs no bound one each. */
const systemTime = (): number => Date.now();

function toRecord(kept: Kept, id: string, entries: Entries, isRetired: boolean): SessionRecord {
  return {
    id,
    createdAt: kept.createdAt,
    lastSeenAt: kept.lastSeenAt,
    expiresAt: kept.expiresAt,
    renewedAt: kept.renewedAt,
    login: kept.login,
    device: kept.device,
    entries,
    isRetired,
    now: systemTime,
  };
}

function toEntry(kept: Kept): SessionEntry {
  return {
    handle: kept.handle,
    createdAt: kept.createdAt,
    lastSeenAt: kept.lastSeenAt,
    expiresAt: kept.expiresAt,
    ip: kept.login?.client.ip,
    userAgent: kept.login?.client.userAgent,
    deviceBound: isBound(kept.device),
  };
}

function refuseGone(id: string): false {
  announceRefusal(id, "gone");
  return false;
}

function refuseUpdate(id: string): never {
  if (isWellFormedId(id)) announceRefusal(id, "gone");
  throw new SessionEndedError();
}

function announceRefusal(id: string, reason: RefusalReason): void {
  if (refused.hasSubscribers) refused.publish({ handle: recordIdOf(id), reason });
}
