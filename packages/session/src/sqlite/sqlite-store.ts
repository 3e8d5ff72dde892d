// The store for several processes of one machine, or for one that may restart: a single file, no server.
import { setImmediate as nextTurn } from "node:timers/promises";
import { SessionEndedError, SessionIdInUseError } from "../model/errors.ts";
import { announce, announceRefusal, created, expired, loaded, regenerated, saved } from "../model/events.ts";
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
import { loginOf, loginRecordOf, STAMP_MS } from "../model/login.ts";
import { retiredAs } from "../model/retired.ts";
import { assertStorable, refuseGone } from "../model/refusals.ts";
import { conform } from "../model/schema.ts";
import { generateId, isWellFormedId, recordIdOf, regenerateId, secretHashOf } from "../model/session-id.ts";
import {
  acceptEntries,
  acceptState,
  changesOf,
  entriesOf,
  find,
  NO_ENTRIES,
  Session,
  toStored,
  toValue,
} from "../model/session.ts";
import { fail, SqliteDatabase } from "./sqlite-database.ts";
import { countDestroyed, SqliteRecords, type Written } from "./sqlite-records.ts";
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
import { userColumn } from "./sqlite-statements.ts";
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
  readonly #db: SqliteDatabase;
  readonly #records: SqliteRecords<Data>;

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
    this.#db = new SqliteDatabase(path, timeoutMs);
    this.#records = new SqliteRecords(this.#db, this.#settings);
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
    let row = this.#db.ask("load", () => this.#db.sql.find.get(handle)) as Row | undefined;
    if (row === undefined) return undefined;
    const isRetired = row.secret_hash !== hash;
    if (isRetired && retiredAs(row.retired, hash, now) !== "good") return undefined;
    if (row.ends_at <= now) {
      announce(expired, handle);
      return undefined;
    }
    let entries = decode(row.data);
    if (entries === undefined) return announceRefusal(handle, "corrupt");
    const { schema, touchMs } = this.#settings;
    if (schema !== undefined) {
      entries = conform(schema, entries, true);
      if (entries === undefined) return announceRefusal(handle, "schema");
    }
    if (now - row.last_seen_at >= touchMs && this.#records.seeNow(handle, row.secret_hash, now)) {
      row = { ...row, last_seen_at: now };
    }
    announce(loaded, handle);
    return new Session(toRecord(id, row, entries, isRetired));
  }

  save(session: Session<Data>): boolean {
    assertSession("save", session);
    const written = this.#records.write("save", session, false, ({ handle }, entries) => {
      if (changesOf(session).size > 0) this.#db.sql.write.run(encode(entries), handle);
    });
    if (written === undefined) return false;
    // A holder keeps to its snapshot and its own changes: what others have written it sees at the next load.
    acceptEntries(session);
    announce(saved, session.handle);
    return true;
  }

  touch(session: Session<Data>): boolean {
    assertSession("touch", session);
    const { handle } = session;
    const row = this.#db.ask("touch", () => this.#records.live(session.id));
    return (
      (row !== undefined && this.#records.see("touch", handle, row.secret_hash, Date.now())) ||
      refuseGone(session)
    );
  }

  regenerate(session: Session<Data>): boolean {
    assertSession("regenerate", session);
    const id = regenerateId(session.id);
    const written = this.#records.write("regenerate", session, true, (row, entries) => {
      this.#records.replace(row, entries, secretHashOf(id), { isStrict: true });
    });
    return this.#acceptId(session, id, written);
  }

  renew(session: Session<Data>, options: RenewOptions = {}): boolean {
    assertSession("renew", session);
    assertRenewOptions(options);
    let id = regenerateId(session.id);
    const written = this.#records.write("renew", session, false, (row, entries) => {
      const isRetired = row.secret_hash !== secretHashOf(session.id);
      if (isRetired) ({ id } = session);
      const ttlMs = options.extend && row.user_id !== null ? (row.ttl_ms ?? this.#settings.ttlMs) : undefined;
      this.#records.replace(row, entries, isRetired ? undefined : secretHashOf(id), {
        isStrict: false,
        ttlMs,
      });
    });
    return this.#acceptId(session, id, written);
  }

  login(session: Session<Data>, userId: string, options: LoginOptions = {}): boolean {
    assertSession("login", session);
    assertUserId(userId);
    assertLoginOptions(options);
    const login = loginOf(userId, options);
    const id = regenerateId(session.id);
    const written = this.#records.write("login", session, true, (row, entries) => {
      if (this.#records.isStale(login)) return "stamp";
      const isAnother = row.user_id !== null && row.user_id !== userId;
      const after = loginRecordOf(login, Date.now(), toRecord(id, row, entries, false).login);
      // What the former user left behind is not for the next.
      const kept = isAnother ? NO_ENTRIES : entries;
      if (isAnother) assertStorable(this.#settings, row.handle, kept);
      const ttlMs = after.ttlMs ?? this.#settings.ttlMs;
      this.#records.replace(row, kept, secretHashOf(id), { isStrict: true, ttlMs });
      const { ip = null, userAgent = null } = login.client;
      const device = isAnother ? null : row.device;
      const who = [userId, after.authenticatedAt ?? null, ip, userAgent, device, ...loginColumns(after)];
      this.#db.sql.login.run(...who, row.handle);
      return undefined;
    });
    if (written !== undefined) this.#records.trimUser(session.handle, userId);
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
      const row = this.#db.ask("update", () => this.#records.live(id));
      const entries = row && decode(row.data);
      if (row === undefined || entries === undefined) {
        announceRefusal(handle, row === undefined ? "gone" : "corrupt");
        throw new SessionEndedError();
      }
      const before = find(entries, key);
      // Nothing is locked while `change` runs, so that it may take its time and even use the store.
      const value = change(toValue(before) as Data[Key] | undefined);
      const next = value === undefined ? undefined : toStored(key, value);
      const outcome = this.#records.exchange(id, key, before, next);
      if (outcome === "changed") continue;
      if (outcome !== "written") {
        announceRefusal(handle, outcome);
        throw new SessionEndedError();
      }
      announce(saved, handle);
      return value;
    }
    return fail("update", new Error("the value was changed each time, by others or by `change` itself"));
  }

  exchangeDevice(session: Session<Data>, expected: string | undefined, next: string | undefined): boolean {
    assertSession("exchangeDevice", session);
    return this.#db.ask("exchangeDevice", () =>
      this.#db.transaction(() => {
        const row = this.#records.live(session.id);
        if (row === undefined) return refuseGone(session);
        const key = [session.handle, row.secret_hash, Date.now()];
        return this.#db.sql.bind.run(next ?? null, ...key, expected ?? null).changes === 1;
      }),
    );
  }

  destroy(session: Session<Data> | string): boolean {
    if (session instanceof Session) {
      const { handle } = session;
      return countDestroyed(this.#db.ask("destroy", () => this.#db.sql.removeRecord.all(handle))) > 0;
    }
    if (!isWellFormedId(session)) return false;
    const rows = this.#db.ask("destroy", () => {
      const handle = recordIdOf(session);
      const removed = this.#db.sql.remove.all(handle, secretHashOf(session));
      if (removed.length > 0) return removed;
      // An id that a renewal has replaced, and that is still good, is of this session as well.
      const row = this.#records.live(session);
      return row === undefined ? [] : this.#db.sql.removeRecord.all(handle);
    });
    return countDestroyed(rows) > 0;
  }

  wasReplaced(id: string): boolean {
    if (!isWellFormedId(id)) return false;
    const now = Date.now();
    const row = this.#db.ask("wasReplaced", () => this.#db.sql.find.get(recordIdOf(id))) as Row | undefined;
    return row !== undefined && row.ends_at > now && retiredAs(row.retired, secretHashOf(id), now) === "dead";
  }

  listByUser(userId: string): SessionEntry[] {
    if (!isUserId(userId)) return [];
    return this.#db.ask("listByUser", () => this.#db.sql.list.all(Date.now(), userId)).map(toEntry);
  }

  destroyByUser(userId: string, options: DestroyByUserOptions<Data> = {}): number {
    const [one = "", two = ""] = sparedBy(options);
    if (!isUserId(userId)) return 0;
    const { stamp } = options;
    const remove = () => this.#db.sql.removeByUser.all(one, two, userId);
    const rows = this.#db.ask("destroyByUser", () =>
      stamp === undefined
        ? remove()
        : this.#db.transaction(() => {
            this.#db.sql.stamp.run(Date.now() + STAMP_MS, userId, stamp);
            return remove();
          }),
    );
    return countDestroyed(rows);
  }

  destroyByHandle(userId: string, handle: string): boolean {
    if (!isUserId(userId) || !isWellFormedId(handle)) return false;
    const rows = this.#db.ask("destroyByHandle", () =>
      this.#db.sql.removeByHandle.all(Date.now(), userId, handle),
    );
    return countDestroyed(rows) > 0;
  }

  async *listAll(options: ListOptions = {}): AsyncGenerator<ListedSession[], void> {
    const { pageSize, loggedIn } = listOptionsOf(options);
    for (let after = ""; ;) {
      const from = [after, Date.now(), ...userColumn(loggedIn), pageSize];
      const rows = this.#db.ask("listAll", () => this.#db.sql.page.all(...from));
      if (rows.length > 0) yield rows.map(toListed);
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) return;
      after = String(last["handle"]);
      await nextTurn();
    }
  }

  /** Counts row by row, as {@link len} does. */
  count(options: CountOptions = {}): number {
    const { loggedIn } = countOptionsOf(options);
    const row = this.#db.ask("count", () => this.#db.sql.countLive.get(Date.now(), ...userColumn(loggedIn)));
    return Number(row?.["count"]);
  }

  purgeExpired(): number;
  purgeExpired(options: PurgeOptions): Promise<number>;
  purgeExpired(options?: PurgeOptions): number | Promise<number> {
    return options === undefined ? this.#records.purge() : this.#records.purgeInSlices(sliceOf(options));
  }

  /** Counts row by row: milliseconds where there are a million. */
  len(): number {
    return Number(this.#db.ask("len", () => this.#db.sql.count.get())?.["count"]);
  }

  isEmpty(): boolean {
    return this.#db.ask("isEmpty", () => this.#db.sql.first.get()) === undefined;
  }

  /** Closes the file. Every call after it fails. */
  close(): void {
    this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #insert(operation: string, id: string, options: CreateOptions<Data> = {}): Session<Data> {
    assertCreateOptions(options);
    const { data, userId } = options;
    const entries = data === undefined ? NO_ENTRIES : entriesOf(data);
    const handle = recordIdOf(id);
    assertStorable(this.#settings, handle, entries);
    const now = Date.now();
    const given = userId === undefined ? undefined : loginOf(userId, options);
    const login = given && loginRecordOf(given, now, undefined);
    const expiresAt = Math.round(now + (login?.ttlMs ?? this.#settings.ttlMs));
    const record = {
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
    };
    const answer = this.#records.insert(operation, record, given);
    if (answer === "stamp") {
      announceRefusal(handle, "stamp");
      throw new SessionEndedError();
    }
    if (answer === "in-use") throw new SessionIdInUseError();
    if (userId !== undefined) this.#records.trimUser(handle, userId);
    announce(created, handle);
    return new Session(record);
  }

  #acceptId(session: Session<Data>, id: string, written: Written | undefined): boolean {
    if (written === undefined) return false;
    const isRetired = id === session.id;
    const { row, entries, isEmptied } = written;
    acceptState(session, toRecord(id, row, entries, isRetired), isEmptied ? NO_ENTRIES : undefined);
    if (!isRetired && regenerated.hasSubscribers) regenerated.publish({ handle: session.handle });
    return true;
  }
}
