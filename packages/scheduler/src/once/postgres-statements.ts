/**
 * The SQL of `postgresOnce`. Times are the database's; `$1` is the task's name, `$2` the slot in milliseconds since
 * 1970, `$3` how long it is kept, `$4` the claimant, `$5` how long a lease lasts, in milliseconds.
 */

export interface PostgresStatements {
  /** The tables, for those who keep migrations of their own. */
  readonly schema: string;
  /** Makes the tables. */
  readonly migration: string;
  readonly claim: string;
  readonly claimExclusive: string;
  readonly renew: string;
  readonly release: string;
}

const SLOT = "to_timestamp($2::float8 / 1000)";
const KEPT_UNTIL = "to_timestamp(($2::float8 + $3::float8) / 1000)";
const AFTER = (parameter: string) => `now() + ${parameter}::float8 * interval '1 millisecond'`;

export function postgresStatements(table: string): PostgresStatements {
  // Rows whose time is over are swept by the claims that follow; SKIP LOCKED keeps two of them out of each other's way.
  const swept = `swept AS (
  DELETE FROM ${table} WHERE (name, scheduled_at) IN (
    SELECT name, scheduled_at FROM ${table}
    WHERE name = $1 AND kept_until < now() LIMIT 100 FOR UPDATE SKIP LOCKED
  )
)`;
  // A claim that is sent again after its answer was lost finds itself.
  const mine = `ON CONFLICT (name, scheduled_at) DO UPDATE SET claimant = slot.claimant WHERE slot.claimant = $4
RETURNING 1`;
  const schema = `CREATE TABLE IF NOT EXISTS ${table} (
  name text NOT NULL,
  scheduled_at timestamptz NOT NULL,
  kept_until timestamptz NOT NULL,
  claimant text NOT NULL DEFAULT '',
  PRIMARY KEY (name, scheduled_at)
);

ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS claimant text NOT NULL DEFAULT '';

CREATE TABLE IF NOT EXISTS ${table}_lease (
  name text PRIMARY KEY,
  claimant text NOT NULL,
  token bigint NOT NULL,
  ends_at timestamptz NOT NULL
);`;
  return {
    schema,
    // IF NOT EXISTS alone does not hold between two transactions, so instances that start together take turns.
    migration: `DO $migration$ BEGIN\nPERFORM pg_advisory_xact_lock(7301742204);\n${schema}\nEND $migration$`,
    claim: `WITH ${swept}
INSERT INTO ${table} AS slot (name, scheduled_at, kept_until, claimant)
SELECT $1, ${SLOT}, ${KEPT_UNTIL}, $4 WHERE ${KEPT_UNTIL} > now()
${mine}`,
    // The lease first: two that claim different slots at once meet at its row, and only one goes on to its slot.
    claimExclusive: `WITH ${swept}, taken AS (
  SELECT 1 FROM ${table} WHERE name = $1 AND scheduled_at = ${SLOT} AND claimant <> $4
), lease AS (
  INSERT INTO ${table}_lease AS held (name, claimant, token, ends_at)
  SELECT $1, $4, (extract(epoch FROM now()) * 1000)::bigint, ${AFTER("$5")}
  WHERE ${KEPT_UNTIL} > now() AND NOT EXISTS (SELECT 1 FROM taken)
  ON CONFLICT (name) DO UPDATE SET
    claimant = excluded.claimant,
    token = CASE WHEN held.claimant = excluded.claimant THEN held.token ELSE greatest(held.token + 1, excluded.token) END,
    ends_at = excluded.ends_at
  WHERE held.ends_at <= now() OR held.claimant = excluded.claimant
  RETURNING token
), mine AS (
  INSERT INTO ${table} AS slot (name, scheduled_at, kept_until, claimant)
  SELECT $1, ${SLOT}, ${KEPT_UNTIL}, $4 FROM lease
  ${mine}
)
SELECT (SELECT token::float8 FROM lease) AS token, EXISTS (SELECT 1 FROM mine) AS is_mine,
  EXISTS (SELECT 1 FROM taken) OR ${KEPT_UNTIL} <= now() AS is_taken`,
    // A renewal that comes after its release, on another connection, must not take the lease again.
    renew: `UPDATE ${table}_lease SET ends_at = ${AFTER("$3")}
WHERE name = $1 AND claimant = $2 AND ends_at > '-infinity' RETURNING 1`,
    release: `UPDATE ${table}_lease SET ends_at = '-infinity' WHERE name = $1 AND claimant = $2`,
  };
}
