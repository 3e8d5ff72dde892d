// Sessions in Postgres: shared by several machines, beside the rest of an application's data.
import { isString } from "@hatcheck/core/options";
import type { JsonData } from "../model/json.ts";
import { settingsOf } from "../model/options.ts";
import { PostgresBackend } from "./postgres-backend.ts";
import { type PostgresClient, PostgresConnection } from "./postgres-client.ts";
import { migrationOf, schemaOf, statementsFor } from "./postgres-sql.ts";
import { REMOTE_OPTIONS, type RemoteOptions, RemoteSessionStore, timeoutOf } from "../remote/remote-store.ts";

export type { PostgresClient } from "./postgres-client.ts";

export interface PostgresOptions<Data> extends RemoteOptions<Data> {
  /** The name of its table, or `schema.name`; `hatcheck_session` unless given. */
  table?: string;
}

/**
 * Sessions in Postgres 11 or newer. Every call is one statement; only a refused write, and a load that moves "last seen" on,
 * are two.
 *
 *     const pool = new Pool({ connectionString: "postgres://localhost/app" });
 *     pool.on("error", console.error);
 *     const store = new PostgresSessionStore(pool, 3600);
 *     await store.migrate();
 *
 * Call `purgeExpired()` every few minutes: Postgres removes nothing by itself.
 */
export class PostgresSessionStore<
  Data extends JsonData<Data> = Record<string, string>,
> extends RemoteSessionStore<Data> {
  /** The SQL that {@link migrate} runs, for those who keep migrations of their own. */
  readonly schemaSql: string;
  readonly #db: PostgresConnection;

  /**
   * @param pool a pool of `pg`, PGlite, or anything with `query(text, values)`
   * @param options seconds that a session lives, or all options
   * @throws RangeError or TypeError for an option that is wrong
   */
  constructor(pool: PostgresClient, options: number | PostgresOptions<Data>) {
    const settings = settingsOf<Data>("PostgresSessionStore", options, {
      ...REMOTE_OPTIONS,
      table: isString,
    });
    const { table = "hatcheck_session" } = typeof options === "number" ? {} : options;
    const db = new PostgresConnection(pool, timeoutOf(options));
    super(settings, new PostgresBackend(db, statementsFor(table), settings));
    this.#db = db;
    this.schemaSql = schemaOf(table);
  }

  /** Makes the table and its indexes where they are missing. Any number of processes may do so at once. */
  async migrate(): Promise<void> {
    await this.#db.query(migrationOf(this.schemaSql), []);
  }
}
