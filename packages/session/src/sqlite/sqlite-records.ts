// The rows of the SQLite store: which one an id opens, and how what a session asks is merged into it in one transaction.
import { setImmediate as nextTurn } from "node:timers/promises";
import { announce, announceRefusal, destroyed, expired, type RefusalReason } from "../model/events.ts";
import type { JsonData } from "../model/json.ts";
import type { Login } from "../model/login.ts";
import type { Settings } from "../model/options.ts";
import { retire, retiredAs } from "../model/retired.ts";
import { assertStorable } from "../model/refusals.ts";
import { recordIdOf, secretHashOf } from "../model/session-id.ts";
import {
  apply,
  type Changes,
  changesOf,
  type Entries,
  find,
  isSameValue,
  type Session,
  type SessionRecord,
  type StoredValue,
} from "../model/session.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { decode, encode, loginColumns, type Row } from "./sqlite-row.ts";

/** What a row is after a write. */
export interface Written {
  readonly row: Row;
  readonly entries: Entries;
  /** Whether what the former user left behind is gone. */
  readonly isEmptied: boolean;
}

/** Rows that are deleted at once, so that no other process waits for long. */
const PURGE_BATCH = 100;

export class SqliteRecords<Data extends JsonData<Data>> {
  readonly #db: SqliteDatabase;
  readonly #settings: Settings<Data>;

  constructor(db: SqliteDatabase, settings: Settings<Data>) {
    this.#db = db;
    this.#settings = settings;
  }

  /** The row that an id opens. */
  live(id: string): Row | undefined {
    const row = this.#db.sql.find.get(recordIdOf(id)) as Row | undefined;
    const now = Date.now();
    if (row === undefined || row.ends_at <= now) return undefined;
    const hash = secretHashOf(id);
    return row.secret_hash === hash || retiredAs(row.retired, hash, now) === "good" ? row : undefined;
  }

  /** Whether a login comes too late: to be asked in the transaction that writes it. */
  isStale({ userId, stamp }: Login): boolean {
    if (stamp === undefined) return false;
    const known = this.#db.sql.stampOf.get(Date.now(), userId);
    return known !== undefined && known["stamp"] !== stamp;
  }

  /** When a session that is seen now would idle out, as an integer that SQLite can hold. */
  idleEnd(now: number): number {
    return Math.min(Math.round(now + this.#settings.idleMs), Number.MAX_SAFE_INTEGER);
  }

  see(operation: string, handle: string, hash: string, now: number): boolean {
    const { changes } = this.#db.ask(operation, () =>
      this.#db.sql.see.run(now, this.idleEnd(now), handle, hash, now),
    );
    return changes === 1;
  }

  /** Writes "last seen" if that can be done at once: a load waits for no writer, and needs no place on the disk. */
  seeNow(handle: string, hash: string, now: number): boolean {
    const see = this.#db.sql.see;
    return this.#db.atOnce(() => see.run(now, this.idleEnd(now), handle, hash, now))?.changes === 1;
  }

  /**
   * Merges a session's changes into its row in one transaction. `undefined` when it is gone, which is announced.
   *
   * @param isStrict whether its id must be the present one, and none that a renewal has replaced
   */
  write(
    operation: string,
    session: Session<Data>,
    isStrict: boolean,
    update: (row: Row & { handle: string }, entries: Entries) => RefusalReason | undefined | void,
  ): Written | undefined {
    const { id, handle } = session;
    const outcome = this.#db.ask(operation, () =>
      this.#db.transaction((): Written | RefusalReason => {
        const merged = this.merge(id, changesOf(session));
        if (typeof merged === "string") return merged;
        const { row, entries } = merged;
        if (isStrict && row.secret_hash !== secretHashOf(id)) return "gone";
        const refusal = update({ ...row, handle }, entries);
        if (refusal !== undefined) return refusal;
        if (operation === "save") return { row, entries, isEmptied: false };
        const after = this.#db.sql.find.get(handle) as unknown as Row;
        return { row: after, entries, isEmptied: after.data === "{}" };
      }),
    );
    return typeof outcome === "object" ? outcome : announceRefusal(handle, outcome);
  }

  /** A row's data as it is, and with changes; or why it cannot be. To be asked in a transaction. */
  merge(id: string, changes: Changes): { row: Row; before: Entries; entries: Entries } | RefusalReason {
    const row = this.live(id);
    if (row === undefined) return "gone";
    const before = decode(row.data);
    if (before === undefined) return "corrupt";
    const entries = apply(before, changes);
    if (entries !== before) assertStorable(this.#settings, recordIdOf(id), entries);
    return { row, before, entries };
  }

  /** Puts another value in the place of one, if that is still there. */
  exchange(
    id: string,
    key: string,
    before: StoredValue | undefined,
    next: StoredValue | undefined,
  ): "written" | "changed" | RefusalReason {
    return this.#db.ask("update", () =>
      this.#db.transaction(() => {
        const merged = this.merge(id, new Map([[key, next]]));
        if (typeof merged === "string") return merged;
        if (!isSameValue(find(merged.before, key), before)) return "changed";
        this.#db.sql.write.run(encode(merged.entries), recordIdOf(id));
        return "written";
      }),
    );
  }

  /** Writes a new row. An expired one of its handle makes room. */
  insert(operation: string, record: SessionRecord, given: Login | undefined): "written" | "in-use" | "stamp" {
    const { id, createdAt, expiresAt, login, entries } = record;
    const { ip = null, userAgent = null } = given?.client ?? {};
    const endsAt = Math.min(expiresAt, this.idleEnd(createdAt));
    const times = [createdAt, createdAt, expiresAt, endsAt];
    const who = [
      login?.userId ?? null,
      login?.authenticatedAt ?? null,
      createdAt,
      null,
      ...loginColumns(login),
      null,
    ];
    const values = [ip, userAgent, secretHashOf(id), ...times, ...who, encode(entries)];
    const insert = () =>
      this.#db.sql.insert.run(recordIdOf(id), ...values).changes === 0 ? "in-use" : "written";
    return this.#db.ask(operation, () =>
      given?.stamp === undefined
        ? insert()
        : this.#db.transaction(() => (this.isStale(given) ? "stamp" : insert())),
    );
  }

  /** Writes entries, another id where one is given, and a new lifetime where one is. */
  replace(
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
    const endsAt = Math.min(expiresAt, this.idleEnd(seenAt));
    const id = [hash ?? secretHash, retired, hash === undefined ? renewedAt : now];
    this.#db.sql.replace.run(encode(entries), ...id, seenAt, expiresAt, endsAt, row.handle);
  }

  /** Ends those of a user's sessions that are too many beside this one, the ones not seen for longest. */
  trimUser(handle: string, userId: string): void {
    const { maxSessionsPerUser } = this.#settings;
    if (maxSessionsPerUser === Infinity) return;
    const trim = () => this.#db.sql.trimUser.all(Date.now(), userId, handle, maxSessionsPerUser - 1);
    countDestroyed(this.#db.ask("login", trim));
  }

  /** Removes all that have expired, and gives their number. */
  purge(): number {
    let total = 0;
    for (;;) {
      const count = this.#purgeBatch();
      total += count;
      if (count < PURGE_BATCH) return total;
    }
  }

  /** The same, with a turn for other work after so many milliseconds. */
  async purgeInSlices(sliceMs: number): Promise<number> {
    for (let total = 0; ; await nextTurn()) {
      const until = performance.now() + sliceMs;
      do {
        const count = this.#purgeBatch();
        total += count;
        if (count < PURGE_BATCH) return total;
      } while (performance.now() < until);
    }
  }

  #purgeBatch(): number {
    const rows = this.#db.ask("purgeExpired", () => {
      this.#db.sql.purgeStamps.run(Date.now());
      return this.#db.sql.purge.all(Date.now(), PURGE_BATCH);
    });
    for (const { handle } of rows) announce(expired, String(handle));
    return rows.length;
  }
}

/** How many of the deleted rows were live; those are announced. */
export function countDestroyed(rows: Record<string, unknown>[]): number {
  const now = Date.now();
  const live = rows.filter((row) => Number(row["ends_at"]) > now);
  for (const { handle } of live) announce(destroyed, String(handle));
  return live.length;
}
