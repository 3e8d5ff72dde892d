// The SQL of the Postgres store. Every write is one statement, so it is atomic by itself, and all of them go by the time of
// the database. Where two writes of one row meet, READ COMMITTED lets the second wait, look at the row again as the first
// has left it, and merge into that.
//
// Values arrive as text and are cast here, and times leave as float8 milliseconds, so that no driver's own conversions matter.
//
// @see https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED

/** Postgres cuts names off at 63 bytes; the indexes add to the table's name. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LONGEST_NAME = 40;

/**
 * A table's name as SQL.
 *
 * @throws TypeError when it is not one or two identifiers of letters, digits and `_`.
 */
export function quoteTable(table: string, longest: number = LONGEST_NAME): string {
  const parts = table.split(".");
  if (parts.length > 2 || !parts.every((part) => NAME.test(part) && part.length <= longest)) {
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
ALTER TABLE ${quoteTable(table)} ADD COLUMN IF NOT EXISTS renewed_at timestamptz;
ALTER TABLE ${quoteTable(table)} ADD COLUMN IF NOT EXISTS retired jsonb;
ALTER TABLE ${quoteTable(table)} ADD COLUMN IF NOT EXISTS ttl_ms float8;
ALTER TABLE ${quoteTable(table)} ADD COLUMN IF NOT EXISTS persistent boolean;
ALTER TABLE ${quoteTable(table)} ADD COLUMN IF NOT EXISTS stamp text;
ALTER TABLE ${quoteTable(table)} ADD COLUMN IF NOT EXISTS actor_user_id text;
ALTER TABLE ${quoteTable(table)} ADD COLUMN IF NOT EXISTS actor_handle text;
ALTER TABLE ${quoteTable(table)} ADD COLUMN IF NOT EXISTS device text;
CREATE TABLE IF NOT EXISTS ${stampsOf(table)} (
  user_id text PRIMARY KEY,
  stamp text NOT NULL,
  ends_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS "${name}_ends_at" ON ${quoteTable(table)} (ends_at);
CREATE INDEX IF NOT EXISTS "${name}_user_id" ON ${quoteTable(table)} (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS "${name}_actor" ON ${quoteTable(table)} (actor_user_id) WHERE actor_user_id IS NOT NULL;`;
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

/** The database's time, in milliseconds since the epoch. */
const NOW = "floor(extract(epoch FROM now()) * 1000)::float8";
const TIMES = `${NOW} AS now, ${ms("created_at")}, ${ms("last_seen_at")}, ${ms("expires_at")},
  floor(extract(epoch FROM coalesce(renewed_at, created_at)) * 1000)::float8 AS renewed_at`;
const LOGIN = `user_id, ${ms("authenticated_at")}, ttl_ms, persistent, stamp, actor_user_id, actor_handle, device`;
/** $1 handle, $2 secret's hash: the record, under this very secret. */
const CURRENT = "handle = $1 AND ends_at > now() AND secret_hash = $2";
/** When a replaced secret is forgotten, below 0 where it opens nothing. */
const UNTIL = "(retired ->> $2::text)::float8";
/** The same, or under one that a renewal has replaced a moment ago. */
const LIVE = `handle = $1 AND ends_at > now() AND (secret_hash = $2 OR ${UNTIL} > ${NOW})`;
/**
 * The replaced secrets, with the present one. Only a loop of renewals has more than a few.
 *
 * @param grace milliseconds for which it is remembered
 * @param strict whether all of them open nothing from now on
 */
const retiredWith = (grace: string, strict: string): string => `CASE WHEN ${grace}::float8 > 0 THEN (
  SELECT coalesce(jsonb_object_agg(key, CASE WHEN ${strict} THEN -abs(until) ELSE until END), '{}'::jsonb) FROM (
    SELECT key, value::text::float8 AS until FROM jsonb_each(coalesce(retired, '{}'::jsonb))
    WHERE abs(value::text::float8) > ${NOW} ORDER BY abs(value::text::float8) DESC LIMIT 15) AS known
  ) || jsonb_build_object(secret_hash, (CASE WHEN ${strict} THEN -1 ELSE 1 END) * (${NOW} + ${grace}::float8)) END`;
/** $3 an object of what to set, $4 an array of what to remove. */
const MERGED = "((data || $3::text::jsonb) - ARRAY(SELECT jsonb_array_elements_text($4::text::jsonb)))";
/** $5 most bytes; null when nothing is changed. */
const FITS = `($5::float8 IS NULL OR ${size(MERGED)} <= $5::float8)`;

/** The lifetime that a login has of its own: as $14 says, or as the same user's login said before. */
const OWN_TTL = `coalesce(${after("$14")}, CASE WHEN user_id = $10 THEN ttl_ms * interval '1 millisecond' END)`;

const withUser = (parameter: string): string =>
  `(${parameter}::boolean IS NULL OR (user_id IS NOT NULL) = ${parameter}::boolean)`;

export interface Statements {
  readonly insert: string;
  readonly find: string;
  readonly see: string;
  readonly touch: string;
  readonly write: string;
  readonly replace: string;
  readonly login: string;
  readonly peek: string;
  readonly exchange: string;
  readonly explain: string;
  readonly explainCurrent: string;
  readonly exchangeDevice: string;
  readonly wasReplaced: string;
  readonly remove: string;
  readonly removeRecord: string;
  readonly stamp: string;
  readonly isStale: string;
  readonly listByUser: string;
  readonly removeByUser: string;
  readonly removeByHandle: string;
  readonly purge: string;
  readonly page: string;
  readonly countLive: string;
  readonly count: string;
  readonly any: string;
}

/** @throws TypeError when this cannot be a table's name. */
export function statementsFor(table: string): Statements {
  return statementsOf(quoteTable(table), stampsOf(table));
}

/** The table of the stamps, as SQL. */
function stampsOf(table: string): string {
  return quoteTable(`${table}_stamp`, LONGEST_NAME + "_stamp".length);
}

/** @param table as SQL @param stamps that of the stamps, as SQL */
function statementsOf(table: string, stamps: string): Statements {
  const columns = `handle, secret_hash, created_at, last_seen_at, renewed_at, expires_at, ends_at, user_id,
  authenticated_at, ip, user_agent, ttl_ms, persistent, stamp, actor_user_id, actor_handle, device, retired, data`;
  /** Whether logins of this user with this stamp come too late. */
  const stale = (user: string, stamp: string): string =>
    `EXISTS (SELECT FROM ${stamps} AS known WHERE known.user_id = ${user} AND known.stamp <> ${stamp} AND known.ends_at > now())`;
  const explain = (live: string): string => `SELECT NOT ${FITS} AS too_large FROM ${table} WHERE ${live}`;
  return {
    // $3 data, $4 lifetime, $5 idle time or null, $6 user or null, $7 address, $8 user agent, $9 whether the user has proved who
    // they are, $10 the login's own lifetime or null, $11 persistent or null, $12 stamp or null, $13 and $14 who acts or null.
    // An expired record makes room.
    insert: `INSERT INTO ${table} AS present (${columns})
SELECT $1::text, $2::text, now(), now(), now(), now() + coalesce(${after("$10")}, ${after("$4")}),
  now() + least(coalesce(${after("$10")}, ${after("$4")}), ${after("$5")}),
  $6::text, CASE WHEN $9::boolean THEN now() END, $7::text, $8::text, $10::float8, $11::boolean, $12::text,
  $13::text, $14::text, NULL::text, NULL::jsonb, $3::text::jsonb
WHERE NOT ${stale("$6::text", "$12::text")}
ON CONFLICT (handle) DO UPDATE SET (${columns}) = ROW (${columns.replaceAll(/\w+/g, "EXCLUDED.$&")})
  WHERE present.ends_at <= now()
RETURNING ${TIMES}`,

    // $3 milliseconds between two writes of "last seen".
    find: `SELECT ${TIMES}, ${LOGIN}, data::text AS data, secret_hash <> $2 AS is_retired,
  last_seen_at <= now() - ${after("$3")} AS due
FROM ${table} WHERE ${LIVE}`,

    // $3 idle time or null. For a session that is only read: it waits for nobody who has locked the row.
    see: `UPDATE ${table} SET last_seen_at = now(), ends_at = least(expires_at, now() + ${after("$3")})
WHERE handle = (SELECT handle FROM ${table} WHERE ${LIVE} FOR UPDATE SKIP LOCKED) RETURNING ${ms("last_seen_at")}`,

    // $3 idle time or null: least() takes no notice of null.
    touch: `UPDATE ${table} SET last_seen_at = now(), ends_at = least(expires_at, now() + ${after("$3")})
WHERE ${LIVE} RETURNING ${NOW} AS now`,

    write: `UPDATE ${table} SET data = ${MERGED} WHERE ${LIVE} AND ${FITS} RETURNING 1`,

    // $6 the next secret's hash, $7 grace, $8 whether it is strict, $9 whether a user's lifetime begins anew, $10 lifetime,
    // $11 idle time or null.
    replace: `UPDATE ${table} SET data = ${MERGED},
  secret_hash = CASE WHEN secret_hash = $2 THEN $6::text ELSE secret_hash END,
  retired = CASE WHEN secret_hash = $2 THEN ${retiredWith("$7", "$8::boolean")} ELSE retired END,
  renewed_at = CASE WHEN secret_hash = $2 THEN now() ELSE renewed_at END,
  last_seen_at = CASE WHEN $9::boolean AND user_id IS NOT NULL THEN now() ELSE last_seen_at END,
  expires_at = CASE WHEN $9::boolean AND user_id IS NOT NULL THEN now() + coalesce(ttl_ms * interval '1 millisecond', ${after("$10")})
    ELSE expires_at END,
  ends_at = CASE WHEN $9::boolean AND user_id IS NOT NULL
    THEN now() + least(coalesce(ttl_ms * interval '1 millisecond', ${after("$10")}), ${after("$11")}) ELSE ends_at END
WHERE ${LIVE} AND ${FITS} AND (secret_hash = $2 OR NOT $8::boolean) RETURNING ${TIMES}, secret_hash = $6::text AS is_replaced`,

    // $6 the next secret's hash, $7 grace, $8 lifetime, $9 idle time or null, $10 user, $11 address, $12 user agent, $13 whether
    // the user has proved who they are, $14 own lifetime, $15 persistent, $16 stamp, $17 and $18 who acts. What the same user was
    // given before stays; what another user has left behind goes.
    login: `UPDATE ${table} SET data = CASE WHEN user_id IS DISTINCT FROM $10 AND user_id IS NOT NULL THEN '{}'::jsonb ELSE ${MERGED} END,
  device = CASE WHEN user_id IS DISTINCT FROM $10 THEN NULL ELSE device END,
  secret_hash = $6::text, retired = ${retiredWith("$7", "true")}, renewed_at = now(), last_seen_at = now(),
  expires_at = now() + coalesce(${OWN_TTL}, ${after("$8")}), ends_at = now() + least(coalesce(${OWN_TTL}, ${after("$8")}), ${after("$9")}),
  user_id = $10::text, authenticated_at = CASE WHEN $13::boolean THEN now() END, ip = $11::text, user_agent = $12::text,
  ttl_ms = coalesce($14::float8, CASE WHEN user_id = $10 THEN ttl_ms END),
  persistent = coalesce($15::boolean, CASE WHEN user_id = $10 THEN persistent END),
  stamp = $16::text, actor_user_id = $17::text, actor_handle = $18::text
WHERE ${CURRENT} AND (${FITS} OR user_id IS DISTINCT FROM $10 AND user_id IS NOT NULL) AND NOT ${stale("$10::text", "$16::text")}
RETURNING ${TIMES}, ${LOGIN}, data = '{}'::jsonb AS is_emptied`,

    // $3 key.
    peek: `SELECT data ->> $3::text AS value FROM ${table} WHERE ${LIVE}`,

    // $6 key, $7 expected value or null.
    exchange: `UPDATE ${table} SET data = ${MERGED}
WHERE ${LIVE} AND ${FITS} AND data ->> $6::text IS NOT DISTINCT FROM $7::text RETURNING 1`,

    // Why a write has found nothing to write to. A session that is live now was live then: what is gone stays gone.
    explain: explain(LIVE),
    explainCurrent: explain(CURRENT),

    // $3 what is expected, $4 what takes its place.
    exchangeDevice: `UPDATE ${table} SET device = CASE WHEN device IS NOT DISTINCT FROM $3::text THEN $4::text ELSE device END
WHERE ${LIVE} RETURNING device IS NOT DISTINCT FROM $4::text AS is_next`,

    wasReplaced: `SELECT 1 FROM ${table} WHERE handle = $1 AND ends_at > now() AND -${UNTIL} > ${NOW}`,

    remove: `DELETE FROM ${table} WHERE handle = $1 AND (secret_hash = $2 OR ${UNTIL} > ${NOW}) RETURNING ends_at > now() AS live`,
    removeRecord: `DELETE FROM ${table} WHERE handle = $1 RETURNING ends_at > now() AS live`,

    // $1 user, $2 stamp, $3 milliseconds for which it is remembered.
    stamp: `INSERT INTO ${stamps} (user_id, stamp, ends_at) VALUES ($1, $2, now() + ${after("$3")})
ON CONFLICT (user_id) DO UPDATE SET stamp = EXCLUDED.stamp, ends_at = EXCLUDED.ends_at`,
    isStale: `SELECT 1 WHERE ${stale("$1", "$2")}`,

    // $1 user.
    listByUser: `SELECT handle, ${TIMES}, ip, user_agent, device, actor_user_id, actor_handle FROM ${table} WHERE user_id = $1 AND ends_at > now()`,

    // $1 user, $2 handles to spare. Locked in one order, so that two of these never wait for each other in a circle.
    removeByUser: `DELETE FROM ${table} WHERE handle = ANY (ARRAY(
  SELECT handle FROM ${table}
  WHERE user_id = $1 AND handle NOT IN (SELECT jsonb_array_elements_text($2::text::jsonb))
  ORDER BY handle FOR UPDATE
)) RETURNING handle, ends_at > now() AS live`,

    // $1 user, $2 handle.
    removeByHandle: `DELETE FROM ${table} WHERE user_id = $1 AND handle = $2 RETURNING ends_at > now() AS live`,

    // $1 how many. SKIP LOCKED: two that purge share the work, and neither waits for a request.
    purge: `WITH forgotten AS (DELETE FROM ${stamps} WHERE ends_at <= now())
DELETE FROM ${table} WHERE handle = ANY (ARRAY(
  SELECT handle FROM ${table} WHERE ends_at <= now() ORDER BY ends_at LIMIT $1::int FOR UPDATE SKIP LOCKED
)) RETURNING handle`,

    // $1 the handle that the last page has ended with, $2 how many, $3 with a user, without, or null for all.
    page: `SELECT handle, ${TIMES}, ip, user_agent, device, user_id, actor_user_id, actor_handle FROM ${table}
WHERE handle > $1 AND ends_at > now() AND ${withUser("$3")} ORDER BY handle LIMIT $2::int`,

    // $1 with a user, without, or null for all.
    countLive: `SELECT count(*)::float8 AS count FROM ${table} WHERE ends_at > now() AND ${withUser("$1")}`,

    count: `SELECT count(*)::float8 AS count FROM ${table}`,
    any: `SELECT 1 FROM ${table} LIMIT 1`,
  };
}
