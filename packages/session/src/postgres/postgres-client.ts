// The one way in which the store talks to Postgres: with a time limit, again when the database asks for it, and with a word
// about what to do where that is known.
import { setTimeout as sleep } from "node:timers/promises";
import { isCut } from "../remote/connection-errors.ts";
import { within } from "../remote/deadline.ts";

/** A `pg` pool, PGlite, or anything else that takes a text with `$1` and its values. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Rows as drivers give them. */
export type Row = Record<string, unknown>;

/** serialization_failure and deadlock_detected: the statement has done nothing, and may be sent again. */
const AGAIN = ["40001", "40P01"];
const UNDEFINED_TABLE = "42P01";
/** The longest pause before a statement is sent again, in milliseconds. */
const PAUSE_MS = 100;

export class PostgresConnection {
  readonly #client: PostgresClient;
  readonly #timeoutMs: number;

  constructor(client: PostgresClient, timeoutMs: number) {
    if (typeof client?.query !== "function") {
      throw new TypeError("PostgresSessionStore: the pool must have a method query(text, values)");
    }
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  /** A statement that changes something. It is sent again only where the database says that it has done nothing. */
  async query(
    text: string,
    values: unknown[],
    until: number = performance.now() + this.#timeoutMs,
  ): Promise<Row[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#send(text, values, until);
      } catch (error) {
        const pause = Math.random() * Math.min(2 ** attempt, PAUSE_MS);
        if (!AGAIN.includes(String(codeOf(error))) || performance.now() + pause >= until) throw error;
        // Whoever was turned down by the same rivals would be so again at once.
        await sleep(pause);
      }
    }
  }

  /** A statement that changes nothing: where its connection was cut, it is sent once more, over another. */
  async read(text: string, values: unknown[]): Promise<Row[]> {
    const until = performance.now() + this.#timeoutMs;
    try {
      return await this.query(text, values, until);
    } catch (error) {
      if (!isCut(error)) throw error;
      return this.query(text, values, until);
    }
  }

  async #send(text: string, values: unknown[], until: number): Promise<Row[]> {
    try {
      const ms = Math.max(1, Math.ceil(until - performance.now()));
      const { rows } = await within(ms, this.#client.query(text, values));
      return rows as Row[];
    } catch (error) {
      if (codeOf(error) !== UNDEFINED_TABLE) throw error;
      throw new Error(
        "The table of the sessions does not exist; call migrate() at the start, or run its SQL",
        {
          cause: error,
        },
      );
    }
  }
}

/** The SQLSTATE of an error. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
