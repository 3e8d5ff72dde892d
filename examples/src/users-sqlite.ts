// Users in a SQLite file, or in memory.
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { nameKey, type User, type UserStore } from "./users.ts";

const TABLE = `
  CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT`;
const COLUMNS = `id, name, password_hash AS passwordHash, created_at AS createdAt`;

export class SqliteUserStore implements UserStore {
  readonly #database: DatabaseSync;

  /** @param path A file, made when it is not there, or `:memory:`. */
  constructor(path: string) {
    // SQLite makes files that others may read.
    if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
    this.#database = new DatabaseSync(path, { timeout: 5000 });
    this.#database.exec(TABLE);
  }

  async create({ id, name, passwordHash, createdAt }: User): Promise<boolean> {
    const { changes } = this.#database
      .prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?) ON CONFLICT (name_key) DO NOTHING")
      .run(id, name, nameKey(name), passwordHash, createdAt);
    return changes === 1;
  }

  async byId(id: string): Promise<User | undefined> {
    return this.#database.prepare(`SELECT ${COLUMNS} FROM users WHERE id = ?`).get(id) as User | undefined;
  }

  async byName(name: string): Promise<User | undefined> {
    const statement = this.#database.prepare(`SELECT ${COLUMNS} FROM users WHERE name_key = ?`);
    return statement.get(nameKey(name)) as User | undefined;
  }

  async setPasswordHash(id: string, passwordHash: string): Promise<void> {
    this.#database.prepare("UPDATE users SET password_hash = ? WHERE id = ?").run(passwordHash, id);
  }

  isThere(): boolean {
    return this.#database.prepare("SELECT 1").get() !== undefined;
  }

  close(): void {
    this.#database.close();
  }
}
