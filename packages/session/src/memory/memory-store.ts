// The default store: this process's memory. Everything is synchronous, so every method is one atomic step.
import { SessionEndedError, SessionIdInUseError, SessionStoreFullError } from "../model/errors.ts";
import { announce, announceRefusal, created, expired, loaded, regenerated, saved } from "../model/events.ts";
import { flat, flatKey } from "../model/flat-string.ts";
import type { JsonData, ReadonlyJson } from "../model/json.ts";
import { type Login, loginOf, loginRecordOf } from "../model/login.ts";
import {
  assertChange,
  assertCreateOptions,
  assertId,
  assertLoginOptions,
  assertRenewOptions,
  assertSession,
  assertUserId,
  countOptionsOf,
  isUserId,
  listOptionsOf,
  type Settings,
  settingsOf,
  sliceOf,
  sparedBy,
} from "../model/options.ts";
import { assertStorable, refuseGone, refuseUpdate } from "../model/refusals.ts";
import { conform } from "../model/schema.ts";
import {
  acceptEntries,
  acceptState,
  apply,
  changesOf,
  type Changes,
  type Entries,
  entriesOf,
  find,
  isSnapshotOf,
  NO_ENTRIES,
  Session,
  toStored,
  toValue,
} from "../model/session.ts";
import { generateId, isWellFormedId, recordIdOf, regenerateId } from "../model/session-id.ts";
import type {
  CountOptions,
  CreateOptions,
  DestroyByUserOptions,
  ListedSession,
  ListOptions,
  LoginOptions,
  PurgeOptions,
  RenewOptions,
  SessionEntry,
  Store,
} from "../model/store.ts";
import { formerAs, withFormer } from "./former-ids.ts";
import { boundsOf, MEMORY_OPTIONS, type MemoryOptions } from "./memory-options.ts";
import { type Kept, newRecord, toEntry, toRecord } from "./record.ts";
import { Records } from "./records.ts";
import { Stamps } from "./stamps.ts";

/** After so many calls of `change` it is certain that it changes the value itself. */
const UPDATE_ATTEMPTS = 200;

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
  readonly #records: Records;
  readonly #stamps = new Stamps();

  /** @throws RangeError or TypeError for an option that is wrong. */
  constructor(options: number | MemoryOptions<Data>) {
    this.#settings = settingsOf("SessionStore", options, MEMORY_OPTIONS);
    this.#records = new Records(boundsOf(options, this.#settings));
  }

  get ttl(): number {
    return this.#settings.ttl;
  }

  get idle(): number | undefined {
    return this.#settings.idle;
  }

  /** Bytes of the heap that all sessions together take, as near as that can be told. */
  get totalBytes(): number {
    return this.#records.totalBytes;
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
      if (this.#records.isLive(present, Date.now())) throw new SessionIdInUseError();
      this.#records.drop(present);
    }
    return this.#insert(flat(id), options);
  }

  load(id: string): Session<Data> | undefined {
    const kept = this.#records.find(id);
    if (kept === undefined) return undefined;
    const { handle } = kept;
    const now = Date.now();
    if (!this.#records.isLive(kept, now)) {
      announce(expired, handle);
      return undefined;
    }
    const { schema } = this.#settings;
    let { entries } = kept;
    if (schema !== undefined) {
      const conforming = conform(schema, entries, true);
      if (conforming === undefined) return announceRefusal(handle, "schema");
      entries = conforming;
    }
    this.#records.see(kept, now);
    announce(loaded, handle);
    return new Session(toRecord(kept, id, entries, kept.id !== id));
  }

  save(session: Session<Data>): boolean {
    assertSession("save", session);
    const kept = this.#records.findOf(session.id);
    if (kept === undefined) return refuseGone(session);
    // A holder keeps to its snapshot and its own changes: what others have written it sees at the next load.
    const isLatest = isSnapshotOf(session, kept.entries);
    this.#write(kept, changesOf(session));
    acceptEntries(session, isLatest ? kept.entries : undefined);
    announce(saved, kept.handle);
    return true;
  }

  touch(session: Session<Data>): boolean {
    assertSession("touch", session);
    const kept = this.#records.findOf(session.id);
    if (kept === undefined) return refuseGone(session);
    this.#records.see(kept, Date.now());
    return true;
  }

  regenerate(session: Session<Data>): boolean {
    assertSession("regenerate", session);
    const kept = this.#records.findCurrent(session.id);
    if (kept === undefined) return refuseGone(session);
    this.#write(kept, changesOf(session));
    this.#rename(kept, session, Date.now(), true);
    return true;
  }

  renew(session: Session<Data>, options: RenewOptions = {}): boolean {
    assertSession("renew", session);
    assertRenewOptions(options);
    const kept = this.#records.findOf(session.id);
    if (kept === undefined) return refuseGone(session);
    this.#write(kept, changesOf(session));
    const now = Date.now();
    if (options.extend === true && kept.login !== undefined) this.#extend(kept, now, kept.login.ttlMs);
    if (kept.id === session.id) this.#rename(kept, session, now, false);
    else acceptState(session, toRecord(kept, session.id, kept.entries, true));
    return true;
  }

  login(session: Session<Data>, userId: string, options: LoginOptions = {}): boolean {
    assertSession("login", session);
    assertUserId(userId);
    assertLoginOptions(options);
    const kept = this.#records.findCurrent(session.id);
    if (kept === undefined) return refuseGone(session);
    const now = Date.now();
    const login = loginOf(flat(userId), options);
    if (this.#isStale(kept.handle, login, now)) return false;
    const before = kept.login;
    const isOther = before !== undefined && before.userId !== userId;
    // What the former user left behind is not for the next.
    const entries = isOther ? this.#checked(kept.handle, NO_ENTRIES) : this.#merged(kept, changesOf(session));
    const after = { ...loginRecordOf(login, now, before), client: login.client };
    if (!this.#records.assign(kept, after, entries, now)) refuseFull(kept.handle);
    if (isOther) kept.device = undefined;
    this.#extend(kept, now, after.ttlMs);
    this.#rename(kept, session, now, true, isOther ? NO_ENTRIES : undefined);
    return true;
  }

  update<Key extends keyof Data & string>(
    id: string,
    key: Key,
    change: (value: Data[Key] | undefined) => ReadonlyJson<Data[Key]> | undefined,
  ): ReadonlyJson<Data[Key]> | undefined {
    assertChange(key, change);
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
      const kept = this.#records.findLive(id);
      if (kept === undefined) return refuseUpdate(id);
      const before = find(kept.entries, key);
      const value = change(toValue(before) as Data[Key] | undefined);
      const next = value === undefined ? undefined : toStored(key, value);
      // `change` may have ended the session, or written to it.
      if (this.#records.findLive(id) !== kept) return refuseUpdate(id);
      if (find(kept.entries, key) !== before) continue;
      this.#write(kept, new Map([[flatKey(key), next]]));
      announce(saved, kept.handle);
      return value;
    }
    throw new Error(
      `update: change itself writes the key ${JSON.stringify(key)} each time that it is called`,
    );
  }

  exchangeDevice(session: Session<Data>, expected: string | undefined, next: string | undefined): boolean {
    assertSession("exchangeDevice", session);
    const kept = this.#records.findOf(session.id);
    if (kept === undefined) return refuseGone(session);
    if (kept.device !== expected) return false;
    kept.device = next;
    return true;
  }

  destroy(session: Session<Data> | string): boolean {
    // Of a session that was loaded it is the record that ends, whatever its id has become.
    const kept = session instanceof Session ? this.#records.get(session.handle) : this.#records.find(session);
    return kept !== undefined && this.#records.end(kept, Date.now());
  }

  wasReplaced(id: string): boolean {
    const kept = isWellFormedId(id) ? this.#records.get(recordIdOf(id)) : undefined;
    const now = Date.now();
    return kept !== undefined && this.#records.isLive(kept, now) && formerAs(kept.former, id, now) === "dead";
  }

  listByUser(userId: string): SessionEntry[] {
    if (!isUserId(userId)) return [];
    const now = Date.now();
    return [...this.#records.ofUser(userId)].filter((kept) => this.#records.isLive(kept, now)).map(toEntry);
  }

  destroyByUser(userId: string, options: DestroyByUserOptions<Data> = {}): number {
    const spared = sparedBy(options);
    if (!isUserId(userId)) return 0;
    const now = Date.now();
    if (options.stamp !== undefined) this.#stamps.set(userId, options.stamp, now);
    let count = 0;
    for (const kept of this.#records.ofUser(userId)) {
      if (!spared.includes(kept.handle) && this.#records.end(kept, now)) count += 1;
    }
    return count;
  }

  destroyByHandle(userId: string, handle: string): boolean {
    const kept = isUserId(userId) && isWellFormedId(handle) ? this.#records.get(handle) : undefined;
    return kept?.login?.userId === userId && this.#records.end(kept, Date.now());
  }

  async *listAll(options: ListOptions = {}): AsyncGenerator<ListedSession[], void> {
    yield* this.#records.pages(listOptionsOf(options));
  }

  count(options: CountOptions = {}): number {
    return this.#records.countLive(Date.now(), countOptionsOf(options).loggedIn);
  }

  purgeExpired(): number;
  purgeExpired(options: PurgeOptions): Promise<number>;
  purgeExpired(options?: PurgeOptions): number | Promise<number> {
    return options === undefined
      ? this.#records.purge(Date.now())
      : this.#records.purgeInSlices(sliceOf(options));
  }

  len(): number {
    return this.#records.size;
  }

  isEmpty(): boolean {
    return this.#records.size === 0;
  }

  #isStale(handle: string, { userId, stamp }: Login, now: number): boolean {
    if (stamp === undefined || !this.#stamps.refuses(userId, stamp, now)) return false;
    announceRefusal(handle, "stamp");
    return true;
  }

  /** Begins the lifetime anew. */
  #extend(kept: Kept, now: number, ttlMs: number | undefined): void {
    kept.lastSeenAt = now;
    kept.expiresAt = now + (ttlMs ?? this.#settings.ttlMs);
    this.#records.reschedule(kept);
  }

  #insert(id: string, options: CreateOptions<Data> = {}): Session<Data> {
    assertCreateOptions(options);
    const { data, userId } = options;
    const now = Date.now();
    const handle = flat(recordIdOf(id));
    const entries = this.#checked(handle, data === undefined ? NO_ENTRIES : entriesOf(data));
    const login = userId === undefined ? undefined : loginOf(flat(userId), options);
    if (login !== undefined && this.#isStale(handle, login, now)) throw new SessionEndedError();
    const expiresAt = now + (login?.ttlMs ?? this.#settings.ttlMs);
    const keptLogin = login && { ...loginRecordOf(login, now, undefined), client: login.client };
    const kept = newRecord({ id, handle, now, expiresAt, login: keptLogin, entries });
    if (!this.#records.add(kept, now)) refuseFull(handle);
    announce(created, handle);
    return new Session(toRecord(kept, id, entries, false));
  }

  #write(kept: Kept, changes: Changes): void {
    const entries = this.#merged(kept, changes);
    if (entries !== kept.entries && !this.#records.write(kept, entries, Date.now())) refuseFull(kept.handle);
  }

  /** A record's data with changes. */
  #merged(kept: Kept, changes: Changes): Entries {
    const entries = apply(kept.entries, changes);
    return entries === kept.entries ? entries : this.#checked(kept.handle, entries);
  }

  #checked(handle: string, entries: Entries): Entries {
    assertStorable(this.#settings, handle, entries);
    return entries;
  }

  /** Gives a record another id; the old one is good for a moment, or dead at once. */
  #rename(kept: Kept, session: Session<Data>, now: number, isStrict: boolean, entries?: Entries): void {
    const { graceMs } = this.#settings;
    kept.former = withFormer(kept.former, kept.id, { now, graceMs, isStrict });
    kept.id = regenerateId(kept.id);
    kept.renewedAt = now;
    acceptState(session, toRecord(kept, kept.id, kept.entries, false), entries);
    announce(regenerated, kept.handle);
  }
}

function refuseFull(handle: string): never {
  announceRefusal(handle, "full");
  throw new SessionStoreFullError();
}
