// All SQL that the SQLite store runs, prepared once. Each writes in one step; where a step needs what is there now, `begin` and
// `commit` stand around it.
import type { DatabaseSync, StatementSync } from "node:sqlite";

type StatementName =
  | "begin"
  | "commit"
  | "rollback"
  | "insert"
  | "find"
  | "see"
  | "write"
  | "login"
  | "remove"
  | "list"
  | "removeByUser"
  | "removeByHandle"
  | "purge"
  | "count"
  | "first";

export type Statements = Readonly<Record<StatementName, StatementSync>>;

/** To be closed with the database. */
export function prepareStatements(db: DatabaseSync): Statements {
  const columns =
    "handle, secret_hash, created_at, last_seen_at, expires_at, ends_at, user_id, authenticated_at, ip, user_agent, data";
  const key = "handle = ? AND secret_hash = ?";
  const sql = (text: string): StatementSync => db.prepare(text);
  // What a caller hands in is never the first parameter: node:sqlite takes an object there for named ones.
  return {
    begin: sql("BEGIN IMMEDIATE"),
    commit: sql("COMMIT"),
    rollback: sql("ROLLBACK"),
    // An expired row makes way for another of its handle.
    insert: sql(`INSERT INTO sessions (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (handle) DO UPDATE SET (${columns}) = (${columns.replaceAll(/\w+/g, "excluded.$&")})
      WHERE ends_at <= excluded.created_at`),
    find: sql(`SELECT created_at, last_seen_at, expires_at, ends_at, user_id, authenticated_at, data
      FROM sessions WHERE ${key}`),
    see: sql(
      `UPDATE sessions SET last_seen_at = ?, ends_at = min(expires_at, ?) WHERE ${key} AND ends_at > ?`,
    ),
    write: sql("UPDATE sessions SET secret_hash = ?, data = ? WHERE handle = ?"),
    login: sql(`UPDATE sessions SET secret_hash = ?, data = ?, last_seen_at = ?, expires_at = ?, ends_at = ?,
      user_id = ?, authenticated_at = ?, ip = ?, user_agent = ? WHERE handle = ?`),
    remove: sql(`DELETE FROM sessions WHERE ${key} RETURNING handle, ends_at`),
    list: sql(`SELECT handle, created_at, last_seen_at, expires_at, ip, user_agent FROM sessions
      WHERE ends_at > ? AND user_id = ? ORDER BY last_seen_at DESC`),
    removeByUser: sql(
      "DELETE FROM sessions WHERE handle NOT IN (?, ?) AND user_id = ? RETURNING handle, ends_at",
    ),
    removeByHandle: sql(
      "DELETE FROM sessions WHERE ends_at > ? AND user_id = ? AND handle = ? RETURNING handle, ends_at",
    ),
    purge: sql(`DELETE FROM sessions WHERE rowid IN
      (SELECT rowid FROM sessions WHERE ends_at <= ? ORDER BY ends_at LIMIT ?) RETURNING handle`),
    count: sql("SELECT count(*) AS count FROM sessions"),
    first: sql("SELECT 1 FROM sessions LIMIT 1"),
  };
}
