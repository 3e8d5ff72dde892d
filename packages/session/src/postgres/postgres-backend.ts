// The records of a Postgres store: one row each, one statement a call. A login and the end of all of a user's sessions need
// no more than that: whichever commits first comes first, and a login that has returned is seen by every statement after it.
import type { Backend, Exchange, Found, Key, Login, Refusal, Times } from "../remote/backend.ts";
import type { EncodedChanges } from "../model/encoding.ts";
import type { Settings } from "../model/options.ts";
import type { PostgresConnection, Row } from "./postgres-client.ts";
import { type Statements, statementsOf } from "./postgres-sql.ts";
import type { SessionEntry } from "../model/store.ts";

type Pairs = readonly (readonly [string, string])[];

export class PostgresBackend implements Backend {
  readonly #db: PostgresConnection;
  readonly #sql: Statements;
  readonly #ttlMs: number;
  readonly #idleMs: number | null;
  readonly #touchMs: number;
  readonly #maxBytes: number;

  /** @param table as SQL */
  constructor(db: PostgresConnection, table: string, settings: Omit<Settings<unknown>, "schema">) {
    this.#db = db;
    this.#sql = statementsOf(table);
    this.#ttlMs = settings.ttlMs;
    this.#idleMs = settings.idle === undefined ? null : settings.idleMs;
    this.#touchMs = settings.touchMs;
    this.#maxBytes = settings.maxBytes;
  }

  async insert(
    { handle, secretHash }: Key,
    pairs: Pairs,
    login: Login | undefined,
  ): Promise<Times | undefined> {
    const rows = await this.#db.query(this.#sql.insert, [
      handle,
      secretHash,
      objectOf(pairs),
      this.#ttlMs,
      this.#idleMs,
      ...loginOf(login),
    ]);
    return rows.map(timesOf)[0];
  }

  async find(key: Key): Promise<Found | undefined> {
    const { handle, secretHash } = key;
    const [row] = await this.#db.read(this.#sql.find, [handle, secretHash, this.#touchMs]);
    if (row === undefined) return undefined;
    const found = { ...timesOf(row), ...detailsOf(row), touched: false };
    if (row.due !== true) return found;
    const lastSeenAt = await this.#see(key);
    return lastSeenAt === undefined ? found : { ...found, lastSeenAt, touched: true };
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
    return row === undefined ? undefined : Number(row.last_seen_at);
  }

  async write(key: Key, changes: EncodedChanges, secretHash: string): Promise<"written" | Refusal> {
    const values = this.#valuesOf(key, changes);
    const rows = await this.#db.query(this.#sql.write, [...values, secretHash]);
    return rows.length === 0 ? ((await this.#explain(values)) ?? "gone") : "written";
  }

  async login(key: Key, changes: EncodedChanges, secretHash: string, login: Login): Promise<Times | Refusal> {
    const values = this.#valuesOf(key, changes);
    const [row] = await this.#db.query(this.#sql.login, [
      ...values,
      secretHash,
      this.#ttlMs,
      this.#idleMs,
      ...loginOf(login),
    ]);
    return row === undefined ? ((await this.#explain(values)) ?? "gone") : timesOf(row);
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
    return (await this.#explain(values)) ?? this.peek(key, field);
  }

  async remove({ handle, secretHash }: Key): Promise<boolean> {
    const [row] = await this.#db.query(this.#sql.remove, [handle, secretHash]);
    return row?.live === true;
  }

  async listByUser(userId: string): Promise<SessionEntry[]> {
    return (await this.#db.read(this.#sql.listByUser, [userId])).map(entryOf);
  }

  async removeByUser(userId: string, spared: readonly string[]): Promise<string[]> {
    const rows = await this.#db.query(this.#sql.removeByUser, [userId, JSON.stringify(spared)]);
    return rows.filter((row) => row.live === true).map((row) => row.handle as string);
  }

  async removeByHandle(userId: string, handle: string): Promise<boolean> {
    const [row] = await this.#db.query(this.#sql.removeByHandle, [userId, handle]);
    return row?.live === true;
  }

  async purge(most: number): Promise<string[]> {
    const rows = await this.#db.query(this.#sql.purge, [most]);
    return rows.map((row) => row.handle as string);
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

  /** Why nothing was written; `undefined` when these values would be written now. */
  async #explain(values: unknown[]): Promise<Refusal | undefined> {
    const [row] = await this.#db.read(this.#sql.explain, values);
    if (row === undefined) return "gone";
    return row.too_large === true ? "too-large" : undefined;
  }
}

/** Keys and JSON texts as one JSON object. */
function objectOf(pairs: Pairs): string {
  // Not by assignment: a key may be `__proto__`.
  return JSON.stringify(Object.fromEntries(pairs));
}

function loginOf(login: Login | undefined): (string | null)[] {
  return [login?.userId ?? null, login?.client.ip ?? null, login?.client.userAgent ?? null];
}

function timesOf(row: Row): Times {
  return {
    createdAt: Number(row.created_at),
    lastSeenAt: Number(row.last_seen_at),
    expiresAt: Number(row.expires_at),
  };
}

function detailsOf(row: Row): Pick<Found, "userId" | "authenticatedAt" | "pairs"> {
  return {
    userId: textOf(row.user_id),
    authenticatedAt: row.authenticated_at === null ? undefined : Number(row.authenticated_at),
    pairs: Object.entries(JSON.parse(row.data as string) as Record<string, string>),
  };
}

function entryOf(row: Row): SessionEntry {
  return {
    handle: row.handle as string,
    ...timesOf(row),
    ip: textOf(row.ip),
    userAgent: textOf(row.user_agent),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
