/**
 * One run among many instances, by Postgres. A slot is a row; whoever inserts it runs the slot. Whether a slot is so
 * old that its row may be gone is decided by the database's clock, so no instance's clock can run one twice.
 *
 * @see https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
 */
import type { Once, Slot } from "./once.ts";

/** duplicate_table, and unique_violation in the catalog. */
const TAKEN: ReadonlySet<string> = new Set(["42P07", "23505"]);

/** A `pg` pool or client, PGlite, or anything else that takes a text with `$1` and its values. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** A {@link Once} that can make its own table. */
export interface PostgresOnce extends Once {
  /** The statement that makes the table, for those who keep migrations of their own. */
  readonly schema: string;
  /** Makes the table if there is none; any number of instances may do so at once. */
  migrate(): Promise<void>;
}

/**
 * Lets each slot of a task be run by one instance only, by means of a Postgres they share.
 *
 * @param client a `pg` pool, or anything with `query(text, values)`
 * @param options.table the table's name, with its schema if need be. Default: `hatcheck_once`
 * @throws {RangeError} when the table's name is not made of letters, digits, `_` and one `.`
 */
export function postgresOnce(
  client: PostgresClient,
  { table = "hatcheck_once" }: { table?: string } = {},
): PostgresOnce {
  if (!/^[a-z_]\w*(\.[a-z_]\w*)?$/i.test(table)) {
    throw new RangeError(`"${table}" cannot be a table's name here; use letters, digits and _.`);
  }
  const schema = `CREATE TABLE IF NOT EXISTS ${table} (
  name text NOT NULL,
  scheduled_at timestamptz NOT NULL,
  kept_until timestamptz NOT NULL,
  PRIMARY KEY (name, scheduled_at)
)`;
  // Rows whose time is over are swept by the claims that follow; SKIP LOCKED keeps two of them out of each other's way.
  const claim = `WITH swept AS (
  DELETE FROM ${table} WHERE (name, scheduled_at) IN (
    SELECT name, scheduled_at FROM ${table}
    WHERE name = $1 AND kept_until < now() LIMIT 100 FOR UPDATE SKIP LOCKED
  )
)
INSERT INTO ${table} (name, scheduled_at, kept_until)
SELECT $1, to_timestamp($2::float8 / 1000), slot.kept_until
FROM (SELECT to_timestamp(($2::float8 + $3::float8) / 1000) AS kept_until) AS slot
WHERE slot.kept_until > now()
ON CONFLICT DO NOTHING
RETURNING 1`;
  return {
    schema,
    async migrate() {
      try {
        await client.query(schema);
      } catch (error) {
        // IF NOT EXISTS does not hold between two transactions: the later one may find the name taken after all.
        if (!TAKEN.has(String((error as { code?: unknown }).code))) throw error;
      }
    },
    async claim({ name, scheduledAt, keepMs }: Slot) {
      const { rows } = await client.query(claim, [name, scheduledAt.getTime(), keepMs]);
      return rows.length === 1;
    },
  };
}
