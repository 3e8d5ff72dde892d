// The SQL of the Postgres store. Every write is one statement, so it is atomic by itself, and all of them go by the time of
// the database. Where two writes of one row meet, READ COMMITTED lets the second wait, look at the row again as the first
// has left it, and merge into that.
//
// Values arrive as text and are cast here, and times leave as float8 milliseconds, so that no driver's own conversions matter.
//
// @see https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED

/** Postgres cuts names off at 63 bytes; the indexes add to the table's name. */
const TABLE = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/;

/**
 * A table's name as SQL.
 *
 * @throws TypeError when it is not one or two identifiers of letters, digits and `_`.
 */
export function quoteTable(table: string): string {
  const parts = table.split(".");
  if (parts.length > 2 || !parts.every((part) => TABLE.test(part))) {
    throw new TypeError(
      `PostgresSessionStore: table must be a name, or schema.name, of letters, digits and _, up to 40 each; got ${JSON.stringify(table)}`,
    );
  }
  return parts.map((part) => `"${part}"`).join(".");
}

/** What `migrate()` does, for those who keep migrations of their own. */
export function schemaOf(table: string): string {
  const name = table.split(".").at(-1);
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(table)} (
  handle text PRIMARY KEY,
  secret_hash text NOT NULL,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  user_id text,
  authenticated_at timestamptz,
  ip text,
  user_agent text,
  data jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object')
);
CREATE INDEX IF NOT EXISTS "${name}_ends_at" ON ${quoteTable(table)} (ends_at);
CREATE INDEX IF NOT EXISTS "${name}_user_id" ON ${quoteTable(table)} (user_id) WHERE user_id IS NOT NULL;`;
}

/**
 * A schema's SQL as one statement, one process at a time: IF NOT EXISTS alone does not look into what another transaction is
 * about to commit. The number is only there to be the same everywhere.
 */
export function migrationOf(schemaSql: string): string {
  return `DO $migration$ BEGIN\nPERFORM pg_advisory_xact_lock(7301742203);\n${schemaSql}\nEND $migration$`;
}

const ms = (column: string): string => `floor(extract(epoch FROM ${column}) * 1000)::float8 AS ${column}`;
const after = (parameter: string): string => `${parameter}::float8 * interval '1 millisecond'`;
/** The same measure as that of the other stores: bytes of keys and of values as JSON. */
const size = (data: string): string =>
  `(SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0) FROM jsonb_each_text(${data}))`;

const TIMES = `${ms("created_at")}, ${ms("last_seen_at")}, ${ms("expires_at")}`;
/** $1 handle, $2 secret's hash. */
const LIVE = "handle = $1 AND secret_hash = $2 AND ends_at > now()";
/** $3 an object of what to set, $4 an array of what to remove. */
const MERGED = "((data || $3::text::jsonb) - ARRAY(SELECT jsonb_array_elements_text($4::text::jsonb)))";
/** $5 most bytes; null when nothing is changed. */
const FITS = `($5::float8 IS NULL OR ${size(MERGED)} <= $5::float8)`;

export interface Statements {
  readonly insert: string;
  readonly find: string;
  readonly see: string;
  readonly touch: string;
  readonly write: string;
  readonly login: string;
  readonly peek: string;
  readonly exchange: string;
  readonly explain: string;
  readonly remove: string;
  readonly listByUser: string;
  readonly removeByUser: string;
  readonly removeByHandle: string;
  readonly purge: string;
  readonly count: string;
  readonly any: string;
}

/** @param table as SQL */
export function statementsOf(table: string): Statements {
  return {
    // $3 data, $4 lifetime, $5 idle time or null, $6 user or null, $7 address, $8 user agent. An expired record makes room.
    insert: `INSERT INTO ${table} AS present
  (handle, secret_hash, created_at, last_seen_at, expires_at, ends_at, user_id, authenticated_at, ip, user_agent, data)
VALUES ($1, $2, now(), now(), now() + ${after("$4")}, now() + least(${after("$4")}, ${after("$5")}),
  $6::text, CASE WHEN $6::text IS NOT NULL THEN now() END, $7::text, $8::text, $3::text::jsonb)
ON CONFLICT (handle) DO UPDATE SET (secret_hash, created_at, last_seen_at, expires_at, ends_at, user_id, authenticated_at, ip, user_agent, data)
  = ROW (EXCLUDED.secret_hash, EXCLUDED.created_at, EXCLUDED.last_seen_at, EXCLUDED.expires_at, EXCLUDED.ends_at,
    EXCLUDED.user_id, EXCLUDED.authenticated_at, EXCLUDED.ip, EXCLUDED.user_agent, EXCLUDED.data)
  WHERE present.ends_at <= now()
RETURNING ${TIMES}`,

    // $3 milliseconds between two writes of "last seen".
    find: `SELECT ${TIMES}, user_id, ${ms("authenticated_at")}, data::text AS data,
  last_seen_at <= now() - ${after("$3")} AS due
FROM ${table} WHERE ${LIVE}`,

    // $3 idle time or null. For a session that is only read: it waits for nobody who has locked the row.
    see: `UPDATE ${table} SET last_seen_at = now(), ends_at = least(expires_at, now() + ${after("$3")})
WHERE handle = (SELECT handle FROM ${table} WHERE ${LIVE} FOR UPDATE SKIP LOCKED) RETURNING ${ms("last_seen_at")}`,

    // $3 idle time or null: least() takes no notice of null.
    touch: `UPDATE ${table} SET last_seen_at = now(), ends_at = least(expires_at, now() + ${after("$3")})
WHERE ${LIVE} RETURNING ${ms("last_seen_at")}`,

    // $6 the next secret's hash.
    write: `UPDATE ${table} SET data = ${MERGED}, secret_hash = $6 WHERE ${LIVE} AND ${FITS} RETURNING 1`,

    // $7 lifetime, $8 idle time or null, $9 user, $10 address, $11 user agent.
    login: `UPDATE ${table} SET data = ${MERGED}, secret_hash = $6, last_seen_at = now(), expires_at = now() + ${after("$7")},
  ends_at = now() + least(${after("$7")}, ${after("$8")}),
  user_id = $9, authenticated_at = now(), ip = $10, user_agent = $11
WHERE ${LIVE} AND ${FITS} RETURNING ${TIMES}`,

    // $3 key.
    peek: `SELECT data ->> $3::text AS value FROM ${table} WHERE ${LIVE}`,

    // $6 key, $7 expected value or null.
    exchange: `UPDATE ${table} SET data = ${MERGED}
WHERE ${LIVE} AND ${FITS} AND data ->> $6::text IS NOT DISTINCT FROM $7::text RETURNING 1`,

    // Why a write has found nothing to write to. A session that is live now was live then: what is gone stays gone.
    explain: `SELECT NOT ${FITS} AS too_large FROM ${table} WHERE ${LIVE}`,

    remove: `DELETE FROM ${table} WHERE handle = $1 AND secret_hash = $2 RETURNING ends_at > now() AS live`,

    // $1 user.
    listByUser: `SELECT handle, ${TIMES}, ip, user_agent FROM ${table} WHERE user_id = $1 AND ends_at > now()`,

    // $1 user, $2 handles to spare. Locked in one order, so that two of these never wait for each other in a circle.
    removeByUser: `DELETE FROM ${table} WHERE handle = ANY (ARRAY(
  SELECT handle FROM ${table}
  WHERE user_id = $1 AND handle NOT IN (SELECT jsonb_array_elements_text($2::text::jsonb))
  ORDER BY handle FOR UPDATE
)) RETURNING handle, ends_at > now() AS live`,

    // $1 user, $2 handle.
    removeByHandle: `DELETE FROM ${table} WHERE user_id = $1 AND handle = $2 RETURNING ends_at > now() AS live`,

    // $1 how many. SKIP LOCKED: two that purge share the work, and neither waits for a request.
    purge: `DELETE FROM ${table} WHERE handle = ANY (ARRAY(
  SELECT handle FROM ${table} WHERE ends_at <= now() ORDER BY ends_at LIMIT $1::int FOR UPDATE SKIP LOCKED
)) RETURNING handle`,

    count: `SELECT count(*)::float8 AS count FROM ${table}`,
    any: `SELECT 1 FROM ${table} LIMIT 1`,
  };
}
