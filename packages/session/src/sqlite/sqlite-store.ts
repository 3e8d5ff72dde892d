// The store for several processes of one machine, or for one that may restart: a single file, no server.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DatabaseSync } from "node:sqlite";
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
  type RefusalReason,
  saved,
} from "../model/events.ts";
import type { JsonData, ReadonlyJson } from "../model/json.ts";
import { milliseconds } from "@hatcheck/core/options";
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
import { type Login, loginOf, loginRecordOf, STAMP_MS } from "../model/login.ts";
import { retire, retiredAs } from "../model/retired.ts";
import { assertConforms, conform } from "../model/schema.ts";
import { generateId, isWellFormedId, recordIdOf, regenerateId, secretHashOf } from "../model/session-id.ts";
import {
  acceptEntries,
  acceptState,
  apply,
  type Changes,
  changesOf,
  type Entries,
  entriesOf,
  find,
  isLarger,
  isSameValue,
  NO_ENTRIES,
  Session,
  toStored,
  toValue,
} from "../model/session.ts";
import { openSessionFile, waitAtMost } from "./sqlite-file.ts";
import {
  decode,
  encode,
  loginColumns,
  type Row,
  systemTime,
  toRecord,
  toEntry,
  toListed,
} from "./sqlite-row.ts";
import { prepareStatements, type Statements, userColumn } from "./sqlite-statements.ts";
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

export interface SqliteOptions<Data> extends StoreOptions<Data> {
  /** Milliseconds to wait for another process that writes, before the call fails; 5,000 unless given. */
  timeoutMs?: number;
}

/** Each attempt that fails means that the value was changed meanwhile. */
const UPDATE_ATTEMPTS = 200;
/** What a row is after a write. */
interface Written {
  readonly row: Row;
  readonly entries: Entries;
  /** Whether what the former user left behind is gone. */
  readonly isEmptied: boolean;
}

/** Rows that are deleted at once, so that no other process waits for long. */
const PURGE_BATCH = 100;

/**
 * Sessions in a SQLite file. Several processes of one machine may share it.
 *
 *     const store = new SqliteSessionStore("sessions.db", 3600);
 */
export class SqliteSessionStore<Data extends JsonData<Data> = Record<string, string>> implements Store<
  Data,
  "sync"
> {
  readonly mode = "sync";
  readonly #settings: Settings<Data>;
  readonly #timeoutMs: number;
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  #isClosed = false;

  /**
   * @param path of the file, made where there is none with mode 0600; `:memory:` for none
   * @throws RangeError or TypeError for an option that is wrong, Error when the file cannot be used.
   */
  constructor(path: string, options: number | SqliteOptions<Data>) {
    if (typeof path !== "string" || path === "") {
      throw new TypeError('SqliteSessionStore: the path must be that of a file, or ":memory:"');
    }
    this.#settings = settingsOf("SqliteSessionStore", options, { timeoutMs: milliseconds(0) });
    const { timeoutMs = 5000 } = typeof options === "number" ? {} : options;
    this.#timeoutMs = timeoutMs;
    this.#db = openSessionFile(path, timeoutMs);
    this.#sql = prepareStatements(this.#db);
  }

  get ttl(): number {
    return this.#settings.ttl;
  }

  get idle(): number | undefined {
    return this.#settings.idle;
  }

  now(): number {
    return systemTime();
  }

  create(options?: CreateOptions<Data>): Session<Data> {
    return this.#insert("create", generateId(), options);
  }

  createWithId(id: string, options?: CreateOptions<Data>): Session<Data> {
    assertId(id);
    return this.#insert("createWithId", id, options);
  }

  load(id: string): Session<Data> | undefined {
    if (!isWellFormedId(id)) return undefined;
    const handle = recordIdOf(id);
    const now = Date.now();
    const hash = secretHashOf(id);
    let row = this.#ask("load", () => this.#sql.find.get(handle)) as Row | undefined;
    if (row === undefined) return undefined;
    const isRetired = row.secret_hash !== hash;
    if (isRetired && retiredAs(row.retired, hash, now) !== "good") return undefined;
    if (row.ends_at <= now) {
      if (expired.hasSubscribers) expired.publish({ handle });
      return undefined;
    }
    let entries = decode(row.data);
    if (entries === undefined) return announceRefusal(handle, "corrupt");
    const { schema, touchMs } = this.#settings;
    if (schema !== undefined) {
      entries = conform(schema, entries, true);
      if (entries === undefined) return announceRefusal(handle, "schema");
    }
    if (now - row.last_seen_at >= touchMs && this.#seeNow(handle, row.secret_hash, now)) {
      row = { ...row, last_seen_at: now };
    }
    if (loaded.hasSubscribers) loaded.publish({ handle });
    return new Session(toRecord(id, row, entries, isRetired));
  }

  save(session: Session<Data>): boolean {
    assertSession("save", session);
    const written = this.#write("save", session, false, ({ handle }, entries) => {
      if (changesOf(session).size > 0) this.#sql.write.run(encode(entries), handle);
    });
    if (written === undefined) return false;
    // A holder keeps to its snapshot and its own changes: what others have written it sees at the next load.
    acceptEntries(session);
    if (saved.hasSubscribers) saved.publish({ handle: session.handle });
    return true;
  }

  touch(session: Session<Data>): boolean {
    assertSession("touch", session);
    const { handle } = session;
    const row = this.#ask("touch", () => this.#live(session.id));
    return (
      (row !== undefined && this.#see("touch", handle, row.secret_hash, Date.now())) || refuseGone(handle)
    );
  }

  regenerate(session: Session<Data>): boolean {
    assertSession("regenerate", session);
    const id = regenerateId(session.id);
    const written = this.#write("regenerate", session, true, (row, entries) => {
      this.#replace(row, entries, secretHashOf(id), { isStrict: true });
    });
    return this.#acceptId(session, id, written);
  }

  renew(session: Session<Data>, options: RenewOptions = {}): boolean {
    assertSession("renew", session);
    assertRenewOptions(options);
    let id = regenerateId(session.id);
    const written = this.#write("renew", session, false, (row, entries) => {
      const isRetired = row.secret_hash !== secretHashOf(session.id);
      if (isRetired) ({ id } = session);
      const ttlMs = options.extend && row.user_id !== null ? (row.ttl_ms ?? this.#settings.ttlMs) : undefined;
      this.#replace(row, entries, isRetired ? undefined : secretHashOf(id), { isStrict: false, ttlMs });
    });
    return this.#acceptId(session, id, written);
  }

  login(session: Session<Data>, userId: string, options: LoginOptions = {}): boolean {
    assertSession("login", session);
    assertUserId(userId);
    assertLoginOptions(options);
    const login = loginOf(userId, options);
    const id = regenerateId(session.id);
    const written = this.#write("login", session, true, (row, entries) => {
      if (this.#isStale(login)) return "stamp";
      const isAnother = row.user_id !== null && row.user_id !== userId;
      const after = loginRecordOf(login, Date.now(), toRecord(id, row, entries, false).login);
      // What the former user left behind is not for the next.
      const kept = isAnother ? NO_ENTRIES : entries;
      if (isAnother) this.#assertFits(row.handle, kept);
      const ttlMs = after.ttlMs ?? this.#settings.ttlMs;
      this.#replace(row, kept, secretHashOf(id), { isStrict: true, ttlMs });
      const { ip = null, userAgent = null } = login.client;
      const device = isAnother ? null : row.device;
      const who = [userId, after.authenticatedAt ?? null, ip, userAgent, device, ...loginColumns(after)];
      this.#sql.login.run(...who, row.handle);
      return undefined;
    });
    if (written !== undefined) this.#trimUser(session.handle, userId);
    return this.#acceptId(session, id, written);
  }

  update<Key extends keyof Data & string>(
    id: string,
    key: Key,
    change: (value: Data[Key] | undefined) => ReadonlyJson<Data[Key]> | undefined,
  ): ReadonlyJson<Data[Key]> | undefined {
    assertChange(key, change);
    if (!isWellFormedId(id)) throw new SessionEndedError();
    const handle = recordIdOf(id);
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
      const row = this.#ask("update", () => this.#live(id));
      const entries = row && decode(row.data);
      if (row === undefined || entries === undefined) {
        announceRefusal(handle, row === undefined ? "gone" : "corrupt");
        throw new SessionEndedError();
      }
      const before = find(entries, key);
      // Nothing is locked while `change` runs, so that it may take its time and even use the store.
      const value = change(toValue(before) as Data[Key] | undefined);
      const next = value === undefined ? undefined : toStored(key, value);
      const outcome = this.#ask("update", () =>
        this.#transaction((): "written" | "changed" | RefusalReason => {
          const merged = this.#merge(id, new Map([[key, next]]));
          if (typeof merged === "string") return merged;
          if (!isSameValue(find(merged.before, key), before)) return "changed";
          this.#sql.write.run(encode(merged.entries), handle);
          return "written";
        }),
      );
      if (outcome === "changed") continue;
      if (outcome !== "written") {
        announceRefusal(handle, outcome);
        throw new SessionEndedError();
      }
      if (saved.hasSubscribers) saved.publish({ handle });
      return value;
    }
    return fail("update", new Error("the value was changed each time, by others or by `change` itself"));
  }

  exchangeDevice(session: Session<Data>, expected: string | undefined, next: string | undefined): boolean {
    assertSession("exchangeDevice", session);
    return this.#ask("exchangeDevice", () =>
      this.#transaction(() => {
        const row = this.#live(session.id);
        if (row === undefined) return refuseGone(session.handle);
        const key = [session.handle, row.secret_hash, Date.now()];
        return this.#sql.bind.run(next ?? null, ...key, expected ?? null).changes === 1;
      }),
    );
  }

  destroy(session: Session<Data> | string): boolean {
    if (session instanceof Session) {
      const { handle } = session;
      return countDestroyed(this.#ask("destroy", () => this.#sql.removeRecord.all(handle))) > 0;
    }
    if (!isWellFormedId(session)) return false;
    const rows = this.#ask("destroy", () => {
      const handle = recordIdOf(session);
      const removed = this.#sql.remove.all(handle, secretHashOf(session));
      if (removed.length > 0) return removed;
      // An id that a renewal has replaced, and that is still good, is of this session as well.
      const row = this.#live(session);
      return row === undefined ? [] : this.#sql.removeRecord.all(handle);
    });
    return countDestroyed(rows) > 0;
  }

  wasReplaced(id: string): boolean {
    if (!isWellFormedId(id)) return false;
    const now = Date.now();
    const row = this.#ask("wasReplaced", () => this.#sql.find.get(recordIdOf(id))) as Row | undefined;
    return row !== undefined && row.ends_at > now && retiredAs(row.retired, secretHashOf(id), now) === "dead";
  }

  listByUser(userId: string): SessionEntry[] {
    if (!isUserId(userId)) return [];
    return this.#ask("listByUser", () => this.#sql.list.all(Date.now(), userId)).map(toEntry);
  }

  destroyByUser(userId: string, options: DestroyByUserOptions<Data> = {}): number {
    const [one = "", two = ""] = sparedBy(options);
    if (!isUserId(userId)) return 0;
    const { stamp } = options;
    const remove = () => this.#sql.removeByUser.all(one, two, userId);
    const rows = this.#ask("destroyByUser", () =>
      stamp === undefined
        ? remove()
        : this.#transaction(() => {
            this.#sql.stamp.run(Date.now() + STAMP_MS, userId, stamp);
            return remove();
          }),
    );
    return countDestroyed(rows);
  }

  destroyByHandle(userId: string, handle: string): boolean {
    if (!isUserId(userId) || !isWellFormedId(handle)) return false;
    const rows = this.#ask("destroyByHandle", () => this.#sql.removeByHandle.all(Date.now(), userId, handle));
    return countDestroyed(rows) > 0;
  }

  async *listAll(options: ListOptions = {}): AsyncGenerator<ListedSession[], void> {
    const { pageSize, loggedIn } = listOptionsOf(options);
    for (let after = ""; ;) {
      const from = [after, Date.now(), ...userColumn(loggedIn), pageSize];
      const rows = this.#ask("listAll", () => this.#sql.page.all(...from));
      if (rows.length > 0) yield rows.map(toListed);
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) return;
      after = last["handle"] as string;
      await nextTurn();
    }
  }

  /** Counts row by row, as {@link len} does. */
  count(options: CountOptions = {}): number {
    const { loggedIn } = countOptionsOf(options);
    return this.#ask("count", () => this.#sql.countLive.get(Date.now(), ...userColumn(loggedIn)))?.[
      "count"
    ] as number;
  }

  purgeExpired(): number;
  purgeExpired(options: PurgeOptions): Promise<number>;
  purgeExpired(options?: PurgeOptions): number | Promise<number> {
    if (options !== undefined) return this.#purgeInSlices(sliceOf(options));
    let total = 0;
    for (;;) {
      const count = this.#purgeBatch();
      total += count;
      if (count < PURGE_BATCH) return total;
    }
  }

  /** Counts row by row: milliseconds where there are a million. */
  len(): number {
    return this.#ask("len", () => this.#sql.count.get())?.["count"] as number;
  }

  isEmpty(): boolean {
    return this.#ask("isEmpty", () => this.#sql.first.get()) === undefined;
  }

  /** Closes the file. Every call after it fails. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** When a session that is seen now would idle out, as an integer that SQLite can hold. */
  #idleEnd(now: number): number {
    return Math.min(Math.round(now + this.#settings.idleMs), Number.MAX_SAFE_INTEGER);
  }

  #insert(operation: string, id: string, options: CreateOptions<Data> = {}): Session<Data> {
    assertCreateOptions(options);
    const { data, userId } = options;
    const entries = data === undefined ? NO_ENTRIES : entriesOf(data);
    const handle = recordIdOf(id);
    this.#assertFits(handle, entries);
    const now = Date.now();
    const given = userId === undefined ? undefined : loginOf(userId, options);
    const login = given && loginRecordOf(given, now, undefined);
    const expiresAt = Math.round(now + (login?.ttlMs ?? this.#settings.ttlMs));
    const endsAt = Math.min(expiresAt, this.#idleEnd(now));
    const client = [given?.client.ip ?? null, given?.client.userAgent ?? null];
    const who = [userId ?? null, login?.authenticatedAt ?? null, now, null, ...loginColumns(login), null];
    const times = [now, now, expiresAt, endsAt];
    const insert = () =>
      this.#sql.insert.run(handle, ...client, secretHashOf(id), ...times, ...who, encode(entries)).changes;
    const changes = this.#ask(operation, () =>
      given?.stamp === undefined
        ? insert()
        : this.#transaction(() => (this.#isStale(given) ? "stamp" : insert())),
    );
    if (changes === "stamp") {
      announceRefusal(handle, "stamp");
      throw new SessionEndedError();
    }
    if (changes === 0) throw new SessionIdInUseError();
    if (userId !== undefined) this.#trimUser(handle, userId);
    if (created.hasSubscribers) created.publish({ handle });
    return new Session({
      id,
      createdAt: now,
      lastSeenAt: now,
      expiresAt,
      renewedAt: now,
      login,
      device: undefined,
      entries,
      isRetired: false,
      now: systemTime,
    });
  }

  /** Whether a login comes too late: to be asked in the transaction that writes it. */
  #isStale({ userId, stamp }: Login): boolean {
    if (stamp === undefined) return false;
    const known = this.#sql.stampOf.get(Date.now(), userId);
    return known !== undefined && known["stamp"] !== stamp;
  }

  /** The row that an id opens. */
  #live(id: string): Row | undefined {
    const row = this.#sql.find.get(recordIdOf(id)) as Row | undefined;
    const now = Date.now();
    if (row === undefined || row.ends_at <= now) return undefined;
    const hash = secretHashOf(id);
    return row.secret_hash === hash || retiredAs(row.retired, hash, now) === "good" ? row : undefined;
  }

  /** Writes entries, another id where one is given, and a new lifetime where one is. */
  #replace(
    row: Row & { handle: string },
    entries: Entries,
    hash: string | undefined,
    { isStrict, ttlMs }: { isStrict: boolean; ttlMs?: number | undefined },
  ): void {
    const now = Date.now();
    const { secret_hash: secretHash, renewed_at: renewedAt } = row;
    const { graceMs } = this.#settings;
    const retired =
      hash === undefined ? row.retired : retire(row.retired, { secretHash, now, graceMs, isStrict });
    const expiresAt = ttlMs === undefined ? row.expires_at : Math.round(now + ttlMs);
    const seenAt = ttlMs === undefined ? row.last_seen_at : now;
    const endsAt = Math.min(expiresAt, this.#idleEnd(seenAt));
    const id = [hash ?? secretHash, retired, hash === undefined ? renewedAt : now];
    this.#sql.replace.run(encode(entries), ...id, seenAt, expiresAt, endsAt, row.handle);
  }

  #acceptId(session: Session<Data>, id: string, written: Written | undefined): boolean {
    if (written === undefined) return false;
    const isRetired = id === session.id;
    const { row, entries, isEmptied } = written;
    acceptState(session, toRecord(id, row, entries, isRetired), isEmptied ? NO_ENTRIES : undefined);
    if (!isRetired && regenerated.hasSubscribers) regenerated.publish({ handle: session.handle });
    return true;
  }

  #see(operation: string, handle: string, hash: string, now: number): boolean {
    const { changes } = this.#ask(operation, () =>
      this.#sql.see.run(now, this.#idleEnd(now), handle, hash, now),
    );
    return changes === 1;
  }

  /** Writes "last seen" if that can be done at once: a load waits for no writer, and needs no place on the disk. */
  #seeNow(handle: string, hash: string, now: number): boolean {
    waitAtMost(this.#db, 0);
    try {
      return this.#sql.see.run(now, this.#idleEnd(now), handle, hash, now).changes === 1;
    } catch {
      return false;
    } finally {
      waitAtMost(this.#db, this.#timeoutMs);
    }
  }

  /**
   * Merges a session's changes into its row in one transaction. `undefined` when it is gone, which is announced.
   *
   * @param isStrict whether its id must be the present one, and none that a renewal has replaced
   */
  #write(
    operation: string,
    session: Session<Data>,
    isStrict: boolean,
    update: (row: Row & { handle: string }, entries: Entries) => RefusalReason | undefined | void,
  ): Written | undefined {
    const { id, handle } = session;
    const outcome = this.#ask(operation, () =>
      this.#transaction((): Written | RefusalReason => {
        const merged = this.#merge(id, changesOf(session));
        if (typeof merged === "string") return merged;
        const { row, entries } = merged;
        if (isStrict && row.secret_hash !== secretHashOf(id)) return "gone";
        const refusal = update({ ...row, handle }, entries);
        if (refusal !== undefined) return refusal;
        if (operation === "save") return { row, entries, isEmptied: false };
        const after = this.#sql.find.get(handle) as unknown as Row;
        return { row: after, entries, isEmptied: after.data === "{}" };
      }),
    );
    return typeof outcome === "object" ? outcome : announceRefusal(handle, outcome);
  }

  /** A row's data as it is, and with changes; or why it cannot be. To be asked in a transaction. */
  #merge(id: string, changes: Changes): { row: Row; before: Entries; entries: Entries } | RefusalReason {
    const row = this.#live(id);
    if (row === undefined) return "gone";
    const before = decode(row.data);
    if (before === undefined) return "corrupt";
    const entries = apply(before, changes);
    if (entries !== before) this.#assertFits(recordIdOf(id), entries);
    return { row, before, entries };
  }

  #assertFits(handle: string, entries: Entries): void {
    const { maxBytes, schema } = this.#settings;
    if (isLarger(entries, maxBytes)) {
      announceRefusal(handle, "too-large");
      throw new SessionTooLargeError(maxBytes, entries);
    }
    assertConforms(schema, handle, entries);
  }

  /** Ends those of a user's sessions that are too many beside this one, the ones not seen for longest. */
  #trimUser(handle: string, userId: string): void {
    const { maxSessionsPerUser } = this.#settings;
    if (maxSessionsPerUser === Infinity) return;
    const trim = () => this.#sql.trimUser.all(Date.now(), userId, handle, maxSessionsPerUser - 1);
    countDestroyed(this.#ask("login", trim));
  }

  #purgeBatch(): number {
    const rows = this.#ask("purgeExpired", () => {
      this.#sql.purgeStamps.run(Date.now());
      return this.#sql.purge.all(Date.now(), PURGE_BATCH);
    });
    if (expired.hasSubscribers) for (const { handle } of rows) expired.publish({ handle: handle as string });
    return rows.length;
  }

  async #purgeInSlices(sliceMs: number): Promise<number> {
    let total = 0;
    for (;;) {
      const until = performance.now() + sliceMs;
      do {
        const count = this.#purgeBatch();
        total += count;
        if (count < PURGE_BATCH) return total;
      } while (performance.now() < until);
      await nextTurn();
    }
  }

  /** Immediate: it waits for its turn at the start, where waiting cannot fail for what others wrote meanwhile. */
  #transaction<Value>(run: () => Value): Value {
    this.#sql.begin.run();
    try {
      const value = run();
      this.#sql.commit.run();
      return value;
    } catch (error) {
      try {
        this.#sql.rollback.run();
      } catch {
        // Some errors have rolled it back already.
      }
      throw error;
    }
  }

  /** Whatever is wrong with the file is an outage; a mistake of the program is not. */
  #ask<Value>(operation: string, question: () => Value): Value {
    try {
      return question();
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "ERR_SQLITE_ERROR" && code !== "ERR_INVALID_STATE") throw error;
      return fail(operation, error);
    }
  }
}

function fail(operation: string, error: unknown): never {
  if (outage.hasSubscribers) outage.publish({ operation, error });
  throw new SessionStoreUnavailableError(error);
}

/** How many of the deleted rows were live; those are announced. */
function countDestroyed(rows: Record<string, unknown>[]): number {
  const now = Date.now();
  const live = rows.filter((row) => (row["ends_at"] as number) > now);
  if (destroyed.hasSubscribers)
    for (const { handle } of live) destroyed.publish({ handle: handle as string });
  return live.length;
}

function refuseGone(handle: string): false {
  announceRefusal(handle, "gone");
  return false;
}
