// Users in a table of a Postgres database.
import { nameKey, type User, type UserStore } from "./users.ts";

/** What is asked of a pool of the `pg` package. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

const TABLE = `
  CREATE TABLE IF NOT EXISTS hatcheck_example_users (
    id text PRIMARY KEY,
    name text NOT NULL,
    name_key text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at double precision NOT NULL
  )`;
const SELECT = `SELECT id, name, password_hash AS "passwordHash", created_at AS "createdAt" FROM hatcheck_example_users`;

export class PostgresUserStore implements UserStore {
  readonly #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  /** Makes the table when it is not there. */
  async migrate(): Promise<void> {
    // Two processes that begin at once would both make it, and one of them would fail: a lock lets them queue.
    await this.#pool.query(`DO $$ BEGIN PERFORM pg_advisory_xact_lock(7878); ${TABLE}; END $$`);
  }

  async create({ id, name, passwordHash, createdAt }: User): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      "INSERT INTO hatcheck_example_users VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name_key) DO NOTHING",
      [id, name, nameKey(name), passwordHash, createdAt],
    );
    return rowCount === 1;
  }

  async byId(id: string): Promise<User | undefined> {
    const { rows } = await this.#pool.query(`${SELECT} WHERE id = $1`, [id]);
    return rows[0] as User | undefined;
  }

  async byName(name: string): Promise<User | undefined> {
    const { rows } = await this.#pool.query(`${SELECT} WHERE name_key = $1`, [nameKey(name)]);
    return rows[0] as User | undefined;
  }

  async setPasswordHash(id: string, passwordHash: string): Promise<void> {
    await this.#pool.query("UPDATE hatcheck_example_users SET password_hash = $2 WHERE id = $1", [
      id,
      passwordHash,
    ]);
  }
}
