// The store for several processes of one machine, or for one that may restart: a single file, no server.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DatabaseSync } from "node:sqlite";
import { SessionIdInUseError, SessionStoreUnavailableError, SessionTooLargeError } from "../model/errors.ts";
import {
  created,
  destroyed,
  expired,
  loaded,
  outage,
  refused,
  regenerated,
  type RefusalReason,
  saved,
} from "../model/events.ts";
import type { JsonData, ReadonlyJson } from "../model/json.ts";
import { milliseconds } from "@hatcheck/core/options";
import {
  assertChange,
  assertClient,
  assertCreateOptions,
  assertId,
  assertSession,
  assertUserId,
  clip,
  isUserId,
  type Settings,
  settingsOf,
  sliceOf,
  sparedBy,
} from "../model/options.ts";
import { conform } from "../model/schema.ts";
import { generateId, isWellFormedId, recordIdOf, regenerateId, secretHashOf } from "../model/session-id.ts";
import {
  apply,
  type Changes,
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
import { decode, encode, type Row, toSession } from "./sqlite-row.ts";
import { prepareStatements, type Statements } from "./sqlite-statements.ts";
import type {
  Client,
  CreateOptions,
  PurgeOptions,
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
    const hash = secretHashOf(id);
    const now = Date.now();
    let row = this.#ask("load", () => this.#sql.find.get(handle, hash)) as Row | undefined;
    if (row === undefined) return undefined;
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
    const touched = now - row.last_seen_at >= touchMs && this.#seeNow(handle, hash, now);
    if (touched) row = { ...row, last_seen_at: now };
    if (loaded.hasSubscribers) loaded.publish({ handle });
    return toSession(id, row, entries, touched && this.idle !== undefined);
  }

  save(session: Session<Data>): boolean {
    assertSession("save", session);
    const entries = this.#write("save", session, (kept, handle, hash) => {
      if (session.changes.size > 0) this.#sql.write.run(hash, encode(kept), handle);
    });
    if (entries === undefined) return false;
    session.saved(entries);
    if (saved.hasSubscribers) saved.publish({ handle: session.handle });
    return true;
  }

  touch(session: Session<Data>): boolean {
    assertSession("touch", session);
    const { handle } = session;
    return this.#see("touch", handle, secretHashOf(session.id), Date.now()) || refuseGone(handle);
  }

  regenerate(session: Session<Data>): boolean {
    assertSession("regenerate", session);
    const id = regenerateId(session.id);
    const entries = this.#write("regenerate", session, (kept, handle) => {
      this.#sql.write.run(secretHashOf(id), encode(kept), handle);
    });
    if (entries === undefined) return false;
    session.written({ id, entries });
    if (regenerated.hasSubscribers) regenerated.publish({ handle: session.handle });
    return true;
  }

  login(session: Session<Data>, userId: string, client: Client = {}): boolean {
    assertSession("login", session);
    assertUserId(userId);
    assertClient(client);
    const id = regenerateId(session.id);
    const { now, expiresAt, endsAt } = this.#lifetime();
    const entries = this.#write("login", session, (kept, handle) => {
      const who = [userId, now, clip(client.ip) ?? null, clip(client.userAgent) ?? null];
      this.#sql.login.run(secretHashOf(id), encode(kept), now, expiresAt, endsAt, ...who, handle);
    });
    if (entries === undefined) return false;
    session.written({ id, entries, userId, authenticatedAt: now, lastSeenAt: now, expiresAt });
    if (regenerated.hasSubscribers) regenerated.publish({ handle: session.handle });
    return true;
  }

  update<Key extends keyof Data & string>(
    id: string,
    key: Key,
    change: (value: Data[Key] | undefined) => ReadonlyJson<Data[Key]> | undefined,
  ): ReadonlyJson<Data[Key]> | undefined {
    assertChange(key, change);
    if (!isWellFormedId(id)) return undefined;
    const handle = recordIdOf(id);
    const hash = secretHashOf(id);
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
      const row = this.#ask("update", () => this.#live(handle, hash));
      const entries = row && decode(row.data);
      if (row === undefined || entries === undefined) {
        return announceRefusal(handle, row === undefined ? "gone" : "corrupt");
      }
      const before = find(entries, key);
      // Nothing is locked while `change` runs, so that it may take its time and even use the store.
      const value = change(toValue(before) as Data[Key] | undefined);
      const next = value === undefined ? undefined : toStored(key, value);
      const outcome = this.#ask("update", () =>
        this.#transaction((): "written" | "changed" | RefusalReason => {
          const merged = this.#merge(handle, hash, new Map([[key, next]]));
          if (typeof merged === "string") return merged;
          if (!isSameValue(find(merged.before, key), before)) return "changed";
          this.#sql.write.run(hash, encode(merged.entries), handle);
          return "written";
        }),
      );
      if (outcome === "changed") continue;
      if (outcome !== "written") return this.#refuse(handle, outcome);
      if (saved.hasSubscribers) saved.publish({ handle });
      return value;
    }
    return fail("update", new Error("the value was changed each time, by others or by `change` itself"));
  }

  destroy(id: string): boolean {
    if (!isWellFormedId(id)) return false;
    const rows = this.#ask("destroy", () => this.#sql.remove.all(recordIdOf(id), secretHashOf(id)));
    return countDestroyed(rows) > 0;
  }

  listByUser(userId: string): SessionEntry[] {
    if (!isUserId(userId)) return [];
    return this.#ask("listByUser", () => this.#sql.list.all(Date.now(), userId)).map((row) => ({
      handle: row["handle"] as string,
      createdAt: row["created_at"] as number,
      lastSeenAt: row["last_seen_at"] as number,
      expiresAt: row["expires_at"] as number,
      ip: (row["ip"] ?? undefined) as string | undefined,
      userAgent: (row["user_agent"] ?? undefined) as string | undefined,
    }));
  }

  destroyByUser(userId: string, options: { except?: Session<Data> | string | undefined } = {}): number {
    const [one = "", two = ""] = sparedBy(options);
    if (!isUserId(userId)) return 0;
    return countDestroyed(this.#ask("destroyByUser", () => this.#sql.removeByUser.all(one, two, userId)));
  }

  destroyByHandle(userId: string, handle: string): boolean {
    if (!isUserId(userId) || !isWellFormedId(handle)) return false;
    const rows = this.#ask("destroyByHandle", () => this.#sql.removeByHandle.all(Date.now(), userId, handle));
    return countDestroyed(rows) > 0;
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

  #lifetime(): { now: number; expiresAt: number; endsAt: number } {
    const now = Date.now();
    const expiresAt = Math.round(now + this.#settings.ttlMs);
    return { now, expiresAt, endsAt: Math.min(expiresAt, this.#idleEnd(now)) };
  }

  /** When a session that is seen now would idle out, as an integer that SQLite can hold. */
  #idleEnd(now: number): number {
    return Math.min(Math.round(now + this.#settings.idleMs), Number.MAX_SAFE_INTEGER);
  }

  #insert(operation: string, id: string, options: CreateOptions<Data> = {}): Session<Data> {
    assertCreateOptions(options);
    const { data, userId = null, client = {} } = options;
    const entries = data === undefined ? NO_ENTRIES : entriesOf(data);
    const handle = recordIdOf(id);
    if (isLarger(entries, this.#settings.maxBytes)) this.#refuse(handle, "too-large");
    const { now, expiresAt, endsAt } = this.#lifetime();
    const at = userId === null ? null : now;
    const who = [userId, at, clip(client.ip) ?? null, clip(client.userAgent) ?? null];
    const { changes } = this.#ask(operation, () =>
      this.#sql.insert.run(handle, secretHashOf(id), now, now, expiresAt, endsAt, ...who, encode(entries)),
    );
    if (changes === 0) throw new SessionIdInUseError();
    if (created.hasSubscribers) created.publish({ handle });
    return new Session({
      id,
      createdAt: now,
      lastSeenAt: now,
      expiresAt,
      userId: userId ?? undefined,
      authenticatedAt: at ?? undefined,
      entries,
      touched: false,
    });
  }

  #live(handle: string, hash: string): Row | undefined {
    const row = this.#sql.find.get(handle, hash) as Row | undefined;
    return row !== undefined && row.ends_at > Date.now() ? row : undefined;
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

  /** Merges a session's changes into its row in one transaction. `undefined` when it is gone, which is announced. */
  #write(
    operation: string,
    session: Session<Data>,
    update: (entries: Entries, handle: string, hash: string) => void,
  ): Entries | undefined {
    const { handle } = session;
    const hash = secretHashOf(session.id);
    const outcome = this.#ask(operation, () =>
      this.#transaction((): Entries | RefusalReason => {
        const merged = this.#merge(handle, hash, session.changes);
        if (typeof merged === "string") return merged;
        update(merged.entries, handle, hash);
        return merged.entries;
      }),
    );
    return typeof outcome === "object" ? outcome : this.#refuse(handle, outcome);
  }

  /** A row's data as it is, and with changes; or why it cannot be. To be asked in a transaction. */
  #merge(
    handle: string,
    hash: string,
    changes: Changes,
  ): { before: Entries; entries: Entries } | RefusalReason {
    const row = this.#live(handle, hash);
    if (row === undefined) return "gone";
    const before = decode(row.data);
    if (before === undefined) return "corrupt";
    const entries = apply(before, changes);
    if (entries !== before && isLarger(entries, this.#settings.maxBytes)) return "too-large";
    return { before, entries };
  }

  #refuse(handle: string, reason: RefusalReason): undefined {
    announceRefusal(handle, reason);
    if (reason === "too-large") throw new SessionTooLargeError(this.#settings.maxBytes);
  }

  #purgeBatch(): number {
    const rows = this.#ask("purgeExpired", () => this.#sql.purge.all(Date.now(), PURGE_BATCH));
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

function announceRefusal(handle: string, reason: RefusalReason): undefined {
  if (refused.hasSubscribers) refused.publish({ handle, reason });
}
