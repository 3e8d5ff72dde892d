// The records of a Postgres store: one row each, one statement a call. A login and the end of all of a user's sessions need
// no more than that: whichever commits first comes first, and a login that has returned is seen by every statement after it.
import { isBound } from "../model/device.ts";
import { type Login, STAMP_MS } from "../model/login.ts";
import type { Actor, LoginRecord } from "../model/session.ts";
import type {
  Backend,
  Exchange,
  Found,
  Key,
  LoggedIn,
  Page,
  PageQuery,
  Refusal,
  Replaced,
  Replacement,
  Times,
} from "../remote/backend.ts";
import type { EncodedChanges } from "../model/encoding.ts";
import type { Settings } from "../model/options.ts";
import type { PostgresConnection, Row } from "./postgres-client.ts";
import type { Statements } from "./postgres-sql.ts";
import type { SessionEntry } from "../model/store.ts";

type Pairs = readonly (readonly [string, string])[];

export class PostgresBackend implements Backend {
  readonly #db: PostgresConnection;
  readonly #sql: Statements;
  readonly #ttlMs: number;
  readonly #idleMs: number | null;
  readonly #touchMs: number;
  readonly #graceMs: number;
  readonly #maxBytes: number;

  constructor(db: PostgresConnection, sql: Statements, settings: Omit<Settings<unknown>, "schema">) {
    this.#db = db;
    this.#sql = sql;
    this.#graceMs = settings.graceMs;
    this.#ttlMs = settings.ttlMs;
    this.#idleMs = settings.idle === undefined ? null : settings.idleMs;
    this.#touchMs = settings.touchMs;
    this.#maxBytes = settings.maxBytes;
  }

  async insert(
    { handle, secretHash }: Key,
    pairs: Pairs,
    login: Login | undefined,
  ): ReturnType<Backend["insert"]> {
    const rows = await this.#db.query(this.#sql.insert, [
      handle,
      secretHash,
      objectOf(pairs),
      this.#ttlMs,
      this.#idleMs,
      ...valuesOf(login),
    ]);
    const [row] = rows;
    if (row === undefined) return (await this.#isStale(login)) ? "stamp" : "in-use";
    return (await this.#isUndone(handle, login)) ? "stamp" : timesOf(row);
  }

  async find(key: Key): Promise<Found | undefined> {
    const { handle, secretHash } = key;
    const [row] = await this.#db.read(this.#sql.find, [handle, secretHash, this.#touchMs]);
    if (row === undefined) return undefined;
    const found = {
      ...timesOf(row),
      login: loginOf(row),
      device: textOf(row.device),
      isRetired: row.is_retired === true,
      pairs: Object.entries(JSON.parse(String(row.data)) as Record<string, string>),
    };
    if (row.due !== true) return found;
    const lastSeenAt = await this.#see(key);
    return lastSeenAt === undefined ? found : { ...found, lastSeenAt };
  }

  /** `undefined` where it cannot be written, in a read-only database for instance: it was read all the same. */
  async #see({ handle, secretHash }: Key): Promise<number | undefined> {
    try {
      const [row] = await this.#db.query(this.#sql.see, [handle, secretHash, this.#idleMs]);
      return row === undefined ? undefined : Number(row.last_seen_at);
    } catch {
      return undefined;
    }
  }

  async touch({ handle, secretHash }: Key): Promise<number | undefined> {
    const [row] = await this.#db.query(this.#sql.touch, [handle, secretHash, this.#idleMs]);
    return row === undefined ? undefined : Number(row.now);
  }

  async write(key: Key, changes: EncodedChanges): Promise<"written" | Refusal> {
    const values = this.#valuesOf(key, changes);
    const rows = await this.#db.query(this.#sql.write, values);
    return rows.length === 0 ? ((await this.#explain(this.#sql.explain, values)) ?? "gone") : "written";
  }

  async replace(key: Key, changes: EncodedChanges, replacement: Replacement): Promise<Replaced | Refusal> {
    const values = this.#valuesOf(key, changes);
    const { secretHash, isStrict, isExtended } = replacement;
    const [row] = await this.#db.query(this.#sql.replace, [
      ...values,
      secretHash,
      this.#graceMs,
      isStrict,
      isExtended,
      this.#ttlMs,
      this.#idleMs,
    ]);
    if (row !== undefined) return { ...timesOf(row), isReplaced: row.is_replaced === true };
    const { explain, explainCurrent } = this.#sql;
    return (await this.#explain(isStrict ? explainCurrent : explain, values)) ?? "gone";
  }

  async login(
    key: Key,
    changes: EncodedChanges,
    secretHash: string,
    login: Login,
  ): Promise<LoggedIn | Refusal> {
    const values = this.#valuesOf(key, changes);
    const [row] = await this.#db.query(this.#sql.login, [
      ...values,
      secretHash,
      this.#graceMs,
      this.#ttlMs,
      this.#idleMs,
      ...valuesOf(login),
    ]);
    if (row === undefined) {
      if (await this.#isStale(login)) return "stamp";
      return (await this.#explain(this.#sql.explainCurrent, values)) ?? "gone";
    }
    if (await this.#isUndone(key.handle, login)) return "stamp";
    const after = loginOf(row);
    if (after === undefined) return "gone";
    return {
      ...timesOf(row),
      login: after,
      device: textOf(row.device),
      isEmptied: row.is_emptied === true,
    };
  }

  async exchangeDevice(
    { handle, secretHash }: Key,
    expected: string | undefined,
    next: string | undefined,
  ): Promise<boolean | "gone"> {
    const values = [handle, secretHash, expected ?? null, next ?? null];
    const [row] = await this.#db.query(this.#sql.exchangeDevice, values);
    return row === undefined ? "gone" : row.is_next === true;
  }

  async wasReplaced({ handle, secretHash }: Key): Promise<boolean> {
    return (await this.#db.query(this.#sql.wasReplaced, [handle, secretHash])).length > 0;
  }

  async peek({ handle, secretHash }: Key, field: string): Promise<{ value: string | undefined } | "gone"> {
    const [row] = await this.#db.read(this.#sql.peek, [handle, secretHash, field]);
    return row === undefined ? "gone" : { value: textOf(row.value) };
  }

  async exchange(
    key: Key,
    { field, expected, next }: Exchange,
  ): Promise<"written" | Refusal | { value: string | undefined }> {
    const changes =
      next === undefined ? { set: [], removed: [field] } : { set: [[field, next] as const], removed: [] };
    const values = this.#valuesOf(key, changes);
    const rows = await this.#db.query(this.#sql.exchange, [...values, field, expected ?? null]);
    if (rows.length > 0) return "written";
    return (await this.#explain(this.#sql.explain, values)) ?? this.peek(key, field);
  }

  async remove(handle: string, secretHash: string | undefined): Promise<boolean> {
    const { remove, removeRecord } = this.#sql;
    const [row] =
      secretHash === undefined
        ? await this.#db.query(removeRecord, [handle])
        : await this.#db.query(remove, [handle, secretHash]);
    return row?.live === true;
  }

  async listByUser(userId: string): Promise<SessionEntry[]> {
    return (await this.#db.read(this.#sql.listByUser, [userId])).map(entryOf);
  }

  async removeByUser(
    userId: string,
    spared: readonly string[],
    stamp: string | undefined,
  ): Promise<string[]> {
    // Before the sessions: a login that is not seen by their removal has written its session after this.
    if (stamp !== undefined) await this.#db.query(this.#sql.stamp, [userId, stamp, STAMP_MS]);
    const rows = await this.#db.query(this.#sql.removeByUser, [userId, JSON.stringify(spared)]);
    return rows.filter((row) => row.live === true).map((row) => String(row.handle));
  }

  async removeByHandle(userId: string, handle: string): Promise<boolean> {
    const [row] = await this.#db.query(this.#sql.removeByHandle, [userId, handle]);
    return row?.live === true;
  }

  async page({ cursor, size, loggedIn }: PageQuery): Promise<Page> {
    const rows = await this.#db.read(this.#sql.page, [cursor, size, loggedIn ?? null]);
    const entries = rows.map((row) => {
      return { ...entryOf(row), userId: textOf(row.user_id) };
    });
    return { entries, next: rows.length < size ? undefined : entries.at(-1)?.handle };
  }

  async countLive(loggedIn: boolean | undefined): Promise<number> {
    const [row] = await this.#db.read(this.#sql.countLive, [loggedIn ?? null]);
    return Number(row?.count);
  }

  async purge(most: number): Promise<string[]> {
    const rows = await this.#db.query(this.#sql.purge, [most]);
    return rows.map((row) => String(row.handle));
  }

  async count(): Promise<number> {
    const [row] = await this.#db.read(this.#sql.count, []);
    return Number(row?.count);
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#db.read(this.#sql.any, [])).length === 0;
  }

  /** $1 to $5 of the statements that write. */
  #valuesOf({ handle, secretHash }: Key, { set, removed }: EncodedChanges): unknown[] {
    const limit = set.length === 0 && removed.length === 0 ? null : this.#maxBytes;
    return [handle, secretHash, objectOf(set), JSON.stringify(removed), limit];
  }

  async #isStale(login: Login | undefined): Promise<boolean> {
    if (login?.stamp === undefined) return false;
    return (await this.#db.query(this.#sql.isStale, [login.userId, login.stamp])).length > 0;
  }

  /**
   * Whether all sessions of the user were ended with another stamp while this login was written, and may have missed it. Then it
   * is taken back, before anybody has heard of it.
   */
  async #isUndone(handle: string, login: Login | undefined): Promise<boolean> {
    if (!(await this.#isStale(login))) return false;
    await this.#db.query(this.#sql.removeRecord, [handle]);
    return true;
  }

  /** Why nothing was written; `undefined` when these values would be written now. */
  async #explain(sql: string, values: unknown[]): Promise<Refusal | undefined> {
    const [row] = await this.#db.read(sql, values);
    if (row === undefined) return "gone";
    return row.too_large === true ? "too-large" : undefined;
  }
}

/** Keys and JSON texts as one JSON object. */
function objectOf(pairs: Pairs): string {
  // Not by assignment: a key may be `__proto__`.
  return JSON.stringify(Object.fromEntries(pairs));
}

/** User, address, user agent, proof, lifetime, persistent, stamp, and who acts. */
function valuesOf(login: Login | undefined): unknown[] {
  const { userId, client, isAuthenticated, ttlMs, persistent, stamp, actor } = login ?? {};
  return [
    userId ?? null,
    client?.ip ?? null,
    client?.userAgent ?? null,
    isAuthenticated ?? false,
    ttlMs ?? null,
    persistent ?? null,
    stamp ?? null,
    actor?.userId ?? null,
    actor?.handle ?? null,
  ];
}

function timesOf(row: Row): Times {
  return {
    now: Number(row.now),
    createdAt: Number(row.created_at),
    lastSeenAt: Number(row.last_seen_at),
    expiresAt: Number(row.expires_at),
    renewedAt: Number(row.renewed_at),
  };
}

function loginOf(row: Row): LoginRecord | undefined {
  const userId = textOf(row.user_id);
  if (userId === undefined) return undefined;
  return {
    userId,
    authenticatedAt: row.authenticated_at === null ? undefined : Number(row.authenticated_at),
    ttlMs: row.ttl_ms === null ? undefined : Number(row.ttl_ms),
    persistent: typeof row.persistent === "boolean" ? row.persistent : undefined,
    stamp: textOf(row.stamp),
    actor: actorOf(row),
  };
}

function actorOf(row: Row): Actor | undefined {
  const userId = textOf(row.actor_user_id);
  return userId === undefined ? undefined : { userId, handle: textOf(row.actor_handle) ?? "" };
}

function entryOf(row: Row): SessionEntry {
  const { createdAt, lastSeenAt, expiresAt } = timesOf(row);
  return {
    handle: String(row.handle),
    createdAt,
    lastSeenAt,
    expiresAt,
    ip: textOf(row.ip),
    userAgent: textOf(row.user_agent),
    deviceBound: isBound(textOf(row.device)),
    actor: actorOf(row),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
