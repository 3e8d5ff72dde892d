/**
 * One run among many instances, by Postgres. A slot is a row, and the instance that inserts it runs the slot. The
 * database's clock decides when a slot is too old to claim, so no instance's clock can run one twice.
 *
 * @see https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
 */
import { checkOptions, show, typeOf, withMethods } from "../values/check.ts";
import type { Lease, Once } from "./once.ts";
import { DEFAULT_LEASE, type OnceOptions, qualify, SHARED_CHECKS } from "./shared-options.ts";
import { postgresStatements } from "./postgres-statements.ts";

/** A `pg` pool or client, PGlite, or anything else that takes a text with `$1` and its values. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Options of {@link postgresOnce}. */
export interface PostgresOnceOptions extends OnceOptions {
  /** The table's name, with its schema if need be. Leases are in a second table, `<table>_lease`. Default: `hatcheck_once` */
  table?: string;
}

/** A {@link Once} that can make its own tables. */
export interface PostgresOnce extends Once {
  /** The statements that create the tables, for your own migrations. */
  readonly schema: string;
  /** Creates the tables if they do not exist. Any number of instances may call it at once. */
  migrate(): Promise<void>;
}

/**
 * Runs each slot of a task on one instance only. The instances share a Postgres.
 *
 * @param client a `pg` pool, or anything with `query(text, values)`
 * @throws {TypeError} when the client has no `query`, there is no such option, or its value is of a wrong type
 * @throws {RangeError} when the table's name is not made of letters, digits, `_` and one `.`, or another option is out of
 *   its range
 */
export function postgresOnce(client: PostgresClient, options: PostgresOnceOptions = {}): PostgresOnce {
  withMethods("a pool or client of pg", "query")(client, "postgresOnce(): its client");
  checkOptions("postgresOnce()", options, { table: typeOf("string"), ...SHARED_CHECKS });
  const { table = "hatcheck_once", namespace, exclusive = false, leaseMs = DEFAULT_LEASE } = options;
  if (!/^[a-z_]\w{0,50}(\.[a-z_]\w{0,50})?$/i.test(table)) {
    throw new RangeError(
      `postgresOnce(): table ${show(table)} cannot be a table's name here; use letters, digits and _.`,
    );
  }
  const statements = postgresStatements(table);
  return {
    exclusive,
    schema: statements.schema,
    async migrate() {
      await client.query(statements.migration);
    },
    async claim({ name, scheduledAt, keepMs, claimant }) {
      const values = [qualify(namespace, name), scheduledAt.getTime(), keepMs, claimant];
      const { rows } = await client.query(statements.claim, values);
      return rows.length === 1;
    },
    async claimExclusive({ name, scheduledAt, keepMs, claimant }) {
      const qualified = qualify(namespace, name);
      const values = [qualified, scheduledAt.getTime(), keepMs, claimant, leaseMs];
      const { rows } = await client.query(statements.claimExclusive, values);
      const { token, is_mine, is_taken } = rows[0] as {
        token: number | null;
        is_mine: boolean;
        is_taken: boolean;
      };
      const release = async () => void (await client.query(statements.release, [qualified, claimant]));
      if (token !== null && is_mine) {
        return {
          fencingToken: token,
          leaseMs,
          renew: async () =>
            (await client.query(statements.renew, [qualified, claimant, leaseMs])).rows.length === 1,
          release,
        } satisfies Lease;
      }
      // The slot was run and its lease given back while this statement waited for the lease's row.
      if (token !== null) await release();
      return token !== null || is_taken ? "claimed" : "busy";
    },
  };
}
