// The file that sessions are kept in: who may read it, how several processes share it, and which schema it has.
import { closeSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { propertyOf } from "../model/property.ts";

/** "HTCH": tells the file from those of other applications. @see https://www.sqlite.org/pragma.html#pragma_application_id */
const APPLICATION_ID = 0x48544348;

/** Each brings a file from the version that is its index to the next. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE sessions (
    handle TEXT NOT NULL PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- expires_at, or earlier when the session idles.
    ends_at INTEGER NOT NULL,
    user_id TEXT,
    authenticated_at INTEGER,
    ip TEXT,
    user_agent TEXT,
    data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX sessions_by_end ON sessions (ends_at);
  CREATE INDEX sessions_by_user ON sessions (user_id) WHERE user_id IS NOT NULL;`,
  `ALTER TABLE sessions ADD COLUMN renewed_at INTEGER;
  -- Replaced ids: an object of their hashes and of when each is forgotten, below 0 where it opens nothing.
  ALTER TABLE sessions ADD COLUMN retired TEXT;
  ALTER TABLE sessions ADD COLUMN ttl_ms INTEGER;
  ALTER TABLE sessions ADD COLUMN persistent INTEGER;
  ALTER TABLE sessions ADD COLUMN stamp TEXT;
  ALTER TABLE sessions ADD COLUMN actor_user_id TEXT;
  ALTER TABLE sessions ADD COLUMN actor_handle TEXT;
  ALTER TABLE sessions ADD COLUMN device TEXT;
  CREATE INDEX sessions_by_actor ON sessions (actor_user_id) WHERE actor_user_id IS NOT NULL;
  CREATE TABLE stamps (user_id TEXT NOT NULL PRIMARY KEY, stamp TEXT NOT NULL, ends_at INTEGER NOT NULL) STRICT;`,
];

/**
 * Opens a file of sessions, and makes it where there is none.
 *
 * @param path of the file; `:memory:` for none
 * @param timeoutMs how long to wait for another process that writes
 * @throws Error that names the path, and says what is wrong with it.
 */
export function openSessionFile(path: string, timeoutMs: number): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    // SQLite makes files that others may read, and gives its -wal and -shm the mode that the file has.
    if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
    // As an absolute path it is never taken for a URI.
    db = new DatabaseSync(path === ":memory:" ? path : resolve(path));
    waitAtMost(db, timeoutMs);
    migrate(db);
    useWriteAheadLog(db, timeoutMs);
    // What was committed survives the process in any case; NORMAL leaves out a wait for the disk at each commit, so that
    // a power failure may take the last moments with it.
    db.exec("PRAGMA synchronous = NORMAL");
    // 16 MB of log instead of 4: a third of the waits for the disk, none of them longer, as measured.
    db.exec("PRAGMA wal_autocheckpoint = 4000");
    return db;
  } catch (error) {
    db?.close();
    throw new Error(`SqliteSessionStore: cannot use ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** How long statements wait for another process that writes. */
export function waitAtMost(db: DatabaseSync, timeoutMs: number): void {
  db.exec(`PRAGMA busy_timeout = ${Math.ceil(timeoutMs)}`);
}

function migrate(db: DatabaseSync): void {
  if (transact(db, "DEFERRED", () => versionOf(db)) === MIGRATIONS.length) return;
  transact(db, "IMMEDIATE", () => {
    // Another process may have been first.
    const version = versionOf(db);
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}; PRAGMA application_id = ${APPLICATION_ID}`);
  });
}

/** After an error the file is closed, which rolls it back. */
function transact<Value>(db: DatabaseSync, kind: "DEFERRED" | "IMMEDIATE", work: () => Value): Value {
  db.exec(`BEGIN ${kind}`);
  const value = work();
  db.exec("COMMIT");
  return value;
}

/** SQLite refuses this at once while another process is at the file, and does not wait as it does for everything else. */
function useWriteAheadLog(db: DatabaseSync, timeoutMs: number): void {
  const until = Date.now() + timeoutMs;
  for (;;) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() >= until) throw error;
      Atomics.wait(NOBODY_WAKES, 0, 0, 5);
    }
  }
}

const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));

/** SQLITE_BUSY, with or without a reason. @see https://www.sqlite.org/rescode.html#busy */
function isBusy(error: unknown): boolean {
  return Number(propertyOf(error, "errcode") ?? 0) % 256 === 5;
}

/** The schema's version; 0 when the file is empty. To be asked in a transaction: the file may change between two answers. */
function versionOf(db: DatabaseSync): number {
  const pragma = (name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
  const version = pragma("user_version");
  if (pragma("application_id") !== APPLICATION_ID) {
    if (pragma("schema_version") === 0 && version === 0) return 0;
    throw new Error("it is the database of another application; sessions need a file of their own");
  }
  if (version > MIGRATIONS.length) {
    throw new Error(
      `it was written by a newer Hatcheck (schema ${version}, this one knows ${MIGRATIONS.length}); update @hatcheck/session`,
    );
  }
  return version;
}
