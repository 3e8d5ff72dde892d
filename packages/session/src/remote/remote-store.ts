// What the stores behind a network have in common: sessions, events and errors are the same, whatever keeps the records.
import { setTimeout as sleep } from "node:timers/promises";
import type { Backend, Key, Page, PageQuery, Refusal, Replacement } from "./backend.ts";
import { withoutData } from "./connection-errors.ts";
import { decodeEntries, parseStored, encodeChanges, encodeEntries } from "../model/encoding.ts";
import {
  SessionEndedError,
  SessionIdInUseError,
  SessionStoreUnavailableError,
  SessionTooLargeError,
} from "../model/errors.ts";
import {
  announceRefusal,
  created,
  destroyed,
  expired,
  loaded,
  outage,
  regenerated,
  saved,
} from "../model/events.ts";
import { encodeKey, type JsonData, type ReadonlyJson } from "../model/json.ts";
import { type Checks, milliseconds } from "@hatcheck/core/options";
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
  sliceOf,
  sparedBy,
} from "../model/options.ts";
import { loginOf, loginRecordOf } from "../model/login.ts";
import { assertConformsLater, conform } from "../model/schema.ts";
import { isWellFormedId, generateId, recordIdOf, regenerateId, secretHashOf } from "../model/session-id.ts";
import {
  acceptEntries,
  acceptState,
  apply,
  type Changes,
  type Entries,
  entriesOf,
  entriesWithChanges,
  isLarger,
  NO_ENTRIES,
  stateOf,
  Session,
  storedToJson,
  toStored,
  writeInTurn,
} from "../model/session.ts";
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
  StoreOptions,
} from "../model/store.ts";
import { Turns } from "./serial-queue.ts";
import { ServerClock } from "./server-clock.ts";

export interface RemoteOptions<Data> extends StoreOptions<Data> {
  /** Milliseconds after which a command that the server has not answered has failed; 5,000 unless given. */
  timeoutMs?: number;
}

/** What a store over a network takes beside the options of all stores. */
export const REMOTE_OPTIONS: Checks = { timeoutMs: milliseconds(1) };

/** Milliseconds. */
export function timeoutOf(options: number | { timeoutMs?: number }): number {
  return (typeof options === "number" ? undefined : options.timeoutMs) ?? 5000;
}

const PURGE_BATCH = 1000;
/** Each attempt that fails means that another one has succeeded. */
const UPDATE_ATTEMPTS = 200;
const UPDATE_PAUSE_MS = 30;

/** A store over a {@link Backend}. */
export class RemoteSessionStore<Data extends JsonData<Data>> implements Store<Data, "async"> {
  readonly mode = "async";
  readonly #settings: Settings<Data>;
  readonly #backend: Backend;
  readonly #clock = new ServerClock();
  readonly #updates = new Turns((error) => error instanceof SessionStoreUnavailableError);

  constructor(settings: Settings<Data>, backend: Backend) {
    this.#settings = settings;
    this.#backend = backend;
  }

  get ttl(): number {
    return this.#settings.ttl;
  }

  get idle(): number | undefined {
    return this.#settings.idle;
  }

  now(): number {
    return this.#clock.now();
  }

  async create(options?: CreateOptions<Data>): Promise<Session<Data>> {
    return this.#insert(generateId(), options, false);
  }

  async createWithId(id: string, options?: CreateOptions<Data>): Promise<Session<Data>> {
    assertId(id);
    return this.#insert(id, options, true);
  }

  async load(id: string): Promise<Session<Data> | undefined> {
    if (!isWellFormedId(id)) return undefined;
    const key = keyOf(id);
    const found = await this.#ask("load", () => this.#backend.find(key));
    if (found === undefined) return undefined;
    const { pairs, now, ...record } = found;
    if (!Number.isFinite(record.createdAt + record.lastSeenAt + record.expiresAt)) {
      return announceRefusal(key.handle, "corrupt");
    }
    this.#clock.heard(now);
    let entries: Entries | undefined;
    try {
      entries = decodeEntries(pairs);
    } catch {
      return announceRefusal(key.handle, "corrupt");
    }
    const { schema } = this.#settings;
    if (schema !== undefined) {
      entries = await conform(schema, entries, false);
      if (entries === undefined) return announceRefusal(key.handle, "schema");
    }
    if (loaded.hasSubscribers) loaded.publish({ handle: key.handle });
    return new Session({ ...record, id, entries, now: this.#clock.now });
  }

  async save(session: Session<Data>): Promise<boolean> {
    assertSession("save", session);
    return writeInTurn(session, async (changes) => {
      const key = keyOf(session.id);
      const entries = await this.#fitting(key, session, changes);
      const encoded = encodeChanges(changes);
      const answer = await this.#ask("save", () => this.#backend.write(key, encoded));
      if (answer !== "written") return this.#refuse(key, answer, entries);
      acceptEntries(session);
      if (saved.hasSubscribers) saved.publish({ handle: key.handle });
      return true;
    });
  }

  async touch(session: Session<Data>): Promise<boolean> {
    assertSession("touch", session);
    const key = keyOf(session.id);
    const now = await this.#ask("touch", () => this.#backend.touch(key));
    if (now === undefined) return this.#refuse(key, "gone", NO_ENTRIES);
    this.#clock.heard(now);
    return true;
  }

  async regenerate(session: Session<Data>): Promise<boolean> {
    assertSession("regenerate", session);
    return this.#replace("regenerate", session, { isStrict: true, isExtended: false });
  }

  async renew(session: Session<Data>, options: RenewOptions = {}): Promise<boolean> {
    assertSession("renew", session);
    assertRenewOptions(options);
    return this.#replace("renew", session, { isStrict: false, isExtended: options.extend === true });
  }

  async login(session: Session<Data>, userId: string, options: LoginOptions = {}): Promise<boolean> {
    assertSession("login", session);
    assertUserId(userId);
    assertLoginOptions(options);
    const login = loginOf(userId, options);
    return writeInTurn(session, async (changes) => {
      const key = keyOf(session.id);
      const id = regenerateId(session.id);
      const isOther = session.userId !== undefined && session.userId !== userId;
      const entries = await this.#fitting(key, session, isOther ? undefined : changes);
      const encoded = encodeChanges(changes);
      const answer = await this.#ask("login", () =>
        this.#backend.login(key, encoded, secretHashOf(id), login),
      );
      if (typeof answer === "string") return this.#refuse(key, answer, entries);
      await this.#trimUser(key.handle, userId);
      const { now, isEmptied, ...state } = answer;
      this.#clock.heard(now);
      const after = { ...state, id, isRetired: false, now: this.#clock.now };
      acceptState(session, after, isEmptied ? NO_ENTRIES : undefined);
      if (regenerated.hasSubscribers) regenerated.publish({ handle: key.handle });
      return true;
    });
  }

  async exchangeDevice(
    session: Session<Data>,
    expected: string | undefined,
    next: string | undefined,
  ): Promise<boolean> {
    assertSession("exchangeDevice", session);
    const key = keyOf(session.id);
    const answer = await this.#ask("exchangeDevice", () => this.#backend.exchangeDevice(key, expected, next));
    return answer === "gone" ? this.#refuse(key, answer, NO_ENTRIES) : answer;
  }

  async wasReplaced(id: string): Promise<boolean> {
    if (!isWellFormedId(id)) return false;
    return this.#ask("wasReplaced", () => this.#backend.wasReplaced(keyOf(id)));
  }

  async update<Name extends keyof Data & string>(
    id: string,
    name: Name,
    change: (value: Data[Name] | undefined) => ReadonlyJson<Data[Name]> | undefined,
  ): Promise<ReadonlyJson<Data[Name]> | undefined> {
    assertChange(name, change);
    if (!isWellFormedId(id)) throw new SessionEndedError();
    const key = keyOf(id);
    const field = encodeKey(name);
    return this.#updates.run(`${key.handle} ${field}`, () => this.#update(key, field, name, change));
  }

  async destroy(session: Session<Data> | string): Promise<boolean> {
    if (!(session instanceof Session) && !isWellFormedId(session)) return false;
    const handle = session instanceof Session ? session.handle : recordIdOf(session);
    const secretHash = session instanceof Session ? undefined : secretHashOf(session);
    const wasLive = await this.#ask("destroy", () => this.#backend.remove(handle, secretHash));
    if (wasLive) announceDestroyed([handle]);
    return wasLive;
  }

  async listByUser(userId: string): Promise<SessionEntry[]> {
    if (!isUserId(userId)) return [];
    const entries = await this.#ask("listByUser", () => this.#backend.listByUser(userId));
    return entries.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  async destroyByUser(userId: string, options: DestroyByUserOptions<Data> = {}): Promise<number> {
    const spared = sparedBy(options);
    if (!isUserId(userId)) return 0;
    const handles = await this.#ask("destroyByUser", () =>
      this.#backend.removeByUser(userId, spared, options.stamp),
    );
    announceDestroyed(handles);
    return handles.length;
  }

  async destroyByHandle(userId: string, handle: string): Promise<boolean> {
    // It comes from a page: Postgres would refuse a NUL in it, which is no outage.
    if (!isUserId(userId) || !isWellFormedId(handle)) return false;
    const wasLive = await this.#ask("destroyByHandle", () => this.#backend.removeByHandle(userId, handle));
    if (wasLive) announceDestroyed([handle]);
    return wasLive;
  }

  async *listAll(options: ListOptions = {}): AsyncGenerator<ListedSession[], void> {
    const { pageSize, loggedIn } = listOptionsOf(options);
    let page: ListedSession[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const from: PageQuery = { cursor, size: pageSize, loggedIn };
      const answer: Page = await this.#ask("listAll", () => this.#backend.page(from));
      cursor = answer.next;
      page.push(...answer.entries);
      // The database's pages may be larger or smaller.
      for (; page.length >= pageSize; page = page.slice(pageSize)) yield page.slice(0, pageSize);
    }
    if (page.length > 0) yield page;
  }

  async count(options: CountOptions = {}): Promise<number> {
    const { loggedIn } = countOptionsOf(options);
    return this.#ask("count", () => this.#backend.countLive(loggedIn));
  }

  /** Removes all sessions that have expired, and gives their number. Other work has its turn between batches in any case. */
  async purgeExpired(options?: PurgeOptions): Promise<number> {
    if (options !== undefined) sliceOf(options);
    let count = 0;
    for (;;) {
      const handles = await this.#ask("purgeExpired", () => this.#backend.purge(PURGE_BATCH));
      count += handles.length;
      if (expired.hasSubscribers) for (const handle of handles) expired.publish({ handle });
      if (handles.length < PURGE_BATCH) return count;
    }
  }

  async len(): Promise<number> {
    return this.#ask("len", () => this.#backend.count());
  }

  async isEmpty(): Promise<boolean> {
    return this.#ask("isEmpty", () => this.#backend.isEmpty());
  }

  async #update<Name extends keyof Data & string>(
    key: Key,
    field: string,
    name: Name,
    change: (value: Data[Name] | undefined) => ReadonlyJson<Data[Name]> | undefined,
  ): Promise<ReadonlyJson<Data[Name]> | undefined> {
    let answer: Awaited<ReturnType<Backend["exchange"]>> = await this.#ask("update", () =>
      this.#backend.peek(key, field),
    );
    let next: string | undefined;
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt++) {
      if (typeof answer === "string") {
        this.#refuse(
          key,
          answer as Refusal,
          next === undefined ? NO_ENTRIES : decodeEntries([[field, next]]),
        );
        throw new SessionEndedError();
      }
      const expected: string | undefined = answer.value;
      let before: Data[Name] | undefined;
      try {
        before = expected === undefined ? undefined : (parseStored(expected) as Data[Name]);
      } catch {
        announceRefusal(key.handle, "corrupt");
        throw new SessionEndedError();
      }
      const value = change(before);
      const stored = value === undefined ? undefined : toStored(name, value);
      await this.#assertUpdateFits(key, new Map([[name, stored]]));
      next = stored === undefined ? undefined : storedToJson(stored);
      answer = await this.#ask("update", () => this.#backend.exchange(key, { field, expected, next }));
      if (answer === "written") {
        if (saved.hasSubscribers) saved.publish({ handle: key.handle });
        return value;
      }
      await sleep(Math.random() * Math.min(2 ** attempt, UPDATE_PAUSE_MS));
    }
    return this.#ask("update", () => Promise.reject(new Error("too many others change the same key")));
  }

  async #insert(id: string, options: CreateOptions<Data> = {}, unique: boolean): Promise<Session<Data>> {
    assertCreateOptions(options);
    const { data, userId } = options;
    const entries = data === undefined ? NO_ENTRIES : entriesOf(data);
    const key = keyOf(id);
    const { maxBytes, schema } = this.#settings;
    if (isLarger(entries, maxBytes)) this.#refuse(key, "too-large", entries);
    await assertConformsLater(schema, key.handle, entries);
    const login = userId === undefined ? undefined : loginOf(userId, options);
    const answer = await this.#ask("create", () =>
      this.#backend.insert(key, encodeEntries(entries), login, unique),
    );
    if (answer === "in-use") throw new SessionIdInUseError();
    if (answer === "stamp") {
      announceRefusal(key.handle, answer);
      throw new SessionEndedError();
    }
    const { now, ...times } = answer;
    this.#clock.heard(now);
    if (userId !== undefined) await this.#trimUser(key.handle, userId);
    if (created.hasSubscribers) created.publish({ handle: key.handle });
    return new Session({
      ...times,
      id,
      login: login && loginRecordOf(login, times.createdAt, undefined),
      device: undefined,
      entries,
      isRetired: false,
      now: this.#clock.now,
    });
  }

  async #replace(
    operation: string,
    session: Session<Data>,
    how: Omit<Replacement, "secretHash">,
  ): Promise<boolean> {
    return writeInTurn(session, async (changes) => {
      const key = keyOf(session.id);
      const id = regenerateId(session.id);
      const entries = await this.#fitting(key, session, changes);
      const encoded = encodeChanges(changes);
      const replacement = { ...how, secretHash: secretHashOf(id) };
      const answer = await this.#ask(operation, () => this.#backend.replace(key, encoded, replacement));
      if (typeof answer === "string") return this.#refuse(key, answer, entries);
      const { now, isReplaced, ...times } = answer;
      this.#clock.heard(now);
      const { login, device } = stateOf(session);
      const of = { id: isReplaced ? id : session.id, login, device, isRetired: !isReplaced };
      acceptState(session, { ...times, ...of, now: this.#clock.now });
      if (isReplaced && regenerated.hasSubscribers) regenerated.publish({ handle: key.handle });
      return true;
    });
  }

  /**
   * What a session holds with its changes, as far as this holder knows; nothing where they are not written.
   *
   * @throws SessionSchemaError when it could never be loaded again.
   */
  async #fitting(key: Key, session: Session<Data>, changes: Changes | undefined): Promise<Entries> {
    const entries = changes === undefined ? NO_ENTRIES : entriesWithChanges(session);
    if (changes?.size !== 0) await assertConformsLater(this.#settings.schema, key.handle, entries);
    return entries;
  }

  /** The same for a change of one key, of which nothing else is known. */
  async #assertUpdateFits(key: Key, changes: Changes): Promise<void> {
    const { schema } = this.#settings;
    const found = schema && (await this.#ask("update", () => this.#backend.find(key)));
    if (found === undefined) return;
    await assertConformsLater(schema, key.handle, apply(decodeEntries(found.pairs), changes));
  }

  /** Ends those of a user's sessions that are too many beside this one, the ones not seen for longest. */
  async #trimUser(handle: string, userId: string): Promise<void> {
    const { maxSessionsPerUser } = this.#settings;
    if (maxSessionsPerUser === Infinity) return;
    const others = (await this.listByUser(userId)).filter((entry) => entry.handle !== handle);
    for (const other of others.slice(maxSessionsPerUser - 1))
      await this.destroyByHandle(userId, other.handle);
  }

  /** @param entries what was to be stored, as far as it is known */
  #refuse(key: Key, reason: Refusal, entries: Entries): false {
    announceRefusal(key.handle, reason);
    if (reason === "too-large") throw new SessionTooLargeError(this.#settings.maxBytes, entries);
    return false;
  }

  async #ask<Answer>(operation: string, question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question();
    } catch (thrown) {
      const error = withoutData(thrown);
      if (outage.hasSubscribers) outage.publish({ operation, error });
      throw new SessionStoreUnavailableError(error);
    }
  }
}

function keyOf(id: string): Key {
  return { handle: recordIdOf(id), secretHash: secretHashOf(id) };
}

function announceDestroyed(handles: readonly string[]): void {
  if (destroyed.hasSubscribers) for (const handle of handles) destroyed.publish({ handle });
}
