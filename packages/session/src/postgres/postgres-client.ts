// The one way in which the store talks to Postgres: with a time limit, again when the database asks for it, and with a word
// about what to do where that is known.
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
const ATTEMPTS = 10;

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

  async query(text: string, values: unknown[]): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { rows } = await within(this.#timeoutMs, this.#client.query(text, values));
        return rows as Row[];
      } catch (error) {
        const code = codeOf(error);
        if (code === UNDEFINED_TABLE) {
          throw new Error(
            "The table of the sessions does not exist; call migrate() at the start, or run its SQL",
            { cause: error },
          );
        }
        if (code === undefined || !AGAIN.includes(code) || attempt === ATTEMPTS) throw error;
      }
    }
  }
}

/** The SQLSTATE of an error. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
