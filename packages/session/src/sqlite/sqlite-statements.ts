// All SQL that the SQLite store runs, prepared once. Each writes in one step; where a step needs what is there now, `begin` and
// `commit` stand around it.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { COLUMNS } from "./sqlite-row.ts";

type StatementName =
  | "begin"
  | "commit"
  | "rollback"
  | "insert"
  | "find"
  | "see"
  | "write"
  | "replace"
  | "login"
  | "bind"
  | "remove"
  | "removeRecord"
  | "list"
  | "removeByUser"
  | "removeByHandle"
  | "stamp"
  | "stampOf"
  | "purge"
  | "purgeStamps"
  | "page"
  | "trimUser"
  | "countLive"
  | "count"
  | "first";

export type Statements = Readonly<Record<StatementName, StatementSync>>;

/** What a list shows. */
const LISTED =
  "handle, created_at, last_seen_at, expires_at, ip, user_agent, device, user_id, actor_user_id, actor_handle";
/** Takes two parameters: see `userColumn`. */
const WITH_USER = "(? IS NULL OR (user_id IS NOT NULL) = ?)";

/** The parameters that say whether rows with a user are meant. */
export function userColumn(loggedIn: boolean | undefined): [number | null, number | null] {
  const value = loggedIn === undefined ? null : Number(loggedIn);
  return [value, value];
}

/** To be closed with the database. */
export function prepareStatements(db: DatabaseSync): Statements {
  const columns = `handle, ip, user_agent, ${COLUMNS}`;
  const key = "handle = ? AND secret_hash = ?";
  const sql = (text: string): StatementSync => db.prepare(text);
  // What a caller hands in is never the first parameter: node:sqlite takes an object there for named ones.
  return {
    begin: sql("BEGIN IMMEDIATE"),
    commit: sql("COMMIT"),
    rollback: sql("ROLLBACK"),
    // An expired row makes way for another of its handle.
    insert: sql(`INSERT INTO sessions (${columns}) VALUES (${columns.replaceAll(/\w+/g, "?")})
      ON CONFLICT (handle) DO UPDATE SET (${columns}) = (${columns.replaceAll(/\w+/g, "excluded.$&")})
      WHERE ends_at <= excluded.created_at`),
    find: sql(`SELECT ${COLUMNS} FROM sessions WHERE handle = ?`),
    see: sql(
      `UPDATE sessions SET last_seen_at = ?, ends_at = min(expires_at, ?) WHERE ${key} AND ends_at > ?`,
    ),
    write: sql("UPDATE sessions SET data = ? WHERE handle = ?"),
    replace:
      sql(`UPDATE sessions SET data = ?, secret_hash = ?, retired = ?, renewed_at = ?, last_seen_at = ?,
      expires_at = ?, ends_at = ? WHERE handle = ?`),
    login:
      sql(`UPDATE sessions SET user_id = ?, authenticated_at = ?, ip = ?, user_agent = ?, device = ?, ttl_ms = ?,
      persistent = ?, stamp = ?, actor_user_id = ?, actor_handle = ? WHERE handle = ?`),
    bind: sql(`UPDATE sessions SET device = ? WHERE ${key} AND ends_at > ? AND device IS ?`),
    remove: sql(`DELETE FROM sessions WHERE ${key} RETURNING handle, ends_at`),
    removeRecord: sql("DELETE FROM sessions WHERE handle = ? RETURNING handle, ends_at"),
    list: sql(`SELECT ${LISTED} FROM sessions
      WHERE ends_at > ? AND user_id = ? ORDER BY last_seen_at DESC`),
    removeByUser: sql(
      "DELETE FROM sessions WHERE handle NOT IN (?, ?) AND user_id = ? RETURNING handle, ends_at",
    ),
    removeByHandle: sql(
      "DELETE FROM sessions WHERE ends_at > ? AND user_id = ? AND handle = ? RETURNING handle, ends_at",
    ),
    stamp: sql(`INSERT INTO stamps (ends_at, user_id, stamp) VALUES (?, ?, ?)
      ON CONFLICT (user_id) DO UPDATE SET ends_at = excluded.ends_at, stamp = excluded.stamp`),
    stampOf: sql("SELECT stamp FROM stamps WHERE ends_at > ? AND user_id = ?"),
    purgeStamps: sql("DELETE FROM stamps WHERE ends_at <= ?"),
    purge: sql(`DELETE FROM sessions WHERE rowid IN
      (SELECT rowid FROM sessions WHERE ends_at <= ? ORDER BY ends_at LIMIT ?) RETURNING handle`),
    page: sql(`SELECT ${LISTED} FROM sessions WHERE handle > ? AND ends_at > ? AND ${WITH_USER}
      ORDER BY handle LIMIT ?`),
    trimUser: sql(`DELETE FROM sessions WHERE handle IN (SELECT handle FROM sessions
      WHERE ends_at > ? AND user_id = ? AND handle <> ? ORDER BY last_seen_at DESC, rowid DESC LIMIT -1 OFFSET ?)
      RETURNING handle, ends_at`),
    countLive: sql(`SELECT count(*) AS count FROM sessions WHERE ends_at > ? AND ${WITH_USER}`),
    count: sql("SELECT count(*) AS count FROM sessions"),
    first: sql("SELECT 1 FROM sessions LIMIT 1"),
  };
}
