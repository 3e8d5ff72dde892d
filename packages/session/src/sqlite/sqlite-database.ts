// How the store talks to its file: by prepared statements, in transactions, and what it means when that fails.
import type { DatabaseSync } from "node:sqlite";
import { SessionStoreUnavailableError } from "../model/errors.ts";
import { outage } from "../model/events.ts";
import { openSessionFile, waitAtMost } from "./sqlite-file.ts";
import { prepareStatements, type Statements } from "./sqlite-statements.ts";
import { propertyOf } from "../model/property.ts";

/** An open file of sessions. */
export class SqliteDatabase {
  readonly sql: Statements;
  readonly #db: DatabaseSync;
  readonly #timeoutMs: number;
  #isClosed = false;

  /**
   * @param timeoutMs how long to wait for another process that writes
   * @throws Error that names the path, and says what is wrong with it.
   */
  constructor(path: string, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#db = openSessionFile(path, timeoutMs);
    this.sql = prepareStatements(this.#db);
  }

  /** Whatever is wrong with the file is an outage; a mistake of the program is not. */
  ask<Value>(operation: string, question: () => Value): Value {
    try {
      return question();
    } catch (error) {
      const code = propertyOf(error, "code");
      if (code !== "ERR_SQLITE_ERROR" && code !== "ERR_INVALID_STATE") throw error;
      return fail(operation, error);
    }
  }

  /** Immediate: it waits for its turn at the start, where waiting cannot fail for what others wrote meanwhile. */
  transaction<Value>(run: () => Value): Value {
    this.sql.begin.run();
    try {
      const value = run();
      this.sql.commit.run();
      return value;
    } catch (error) {
      try {
        this.sql.rollback.run();
      } catch {
        // Some errors have rolled it back already.
      }
      throw error;
    }
  }

  /** Does something that is not worth waiting for another process. `undefined` where it cannot be done at once. */
  atOnce<Value>(run: () => Value): Value | undefined {
    waitAtMost(this.#db, 0);
    try {
      return run();
    } catch {
      return undefined;
    } finally {
      waitAtMost(this.#db, this.#timeoutMs);
    }
  }

  /** Every call after it fails. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#db.close();
  }
}

/** Publishes an outage, and throws it. */
export function fail(operation: string, error: unknown): never {
  if (outage.hasSubscribers) outage.publish({ operation, error });
  throw new SessionStoreUnavailableError(error);
}
