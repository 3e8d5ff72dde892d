// The one way in which the store talks to Postgres: with a time limit, again when the database asks for it, and with a word
// about what to do where that is known.
import { setTimeout as sleep } from "node:timers/promises";
import { isCut } from "../remote/connection-errors.ts";
import { within } from "../remote/deadline.ts";
import { propertyOf } from "../model/property.ts";

/** A `pg` pool, PGlite, or anything else that takes a text with `$1` and its values. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** What a pool of `pg` has beside. */
interface PostgresPool extends PostgresClient {
  readonly waitingCount: number;
  connect(): Promise<PooledClient>;
}

interface PooledClient extends PostgresClient {
  on(event: "error", listener: () => void): unknown;
  off(event: "error", listener: () => void): unknown;
  release(isBroken?: boolean): void;
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
  readonly #pool: PostgresPool | undefined;
  readonly #timeoutMs: number;

  constructor(client: PostgresClient, timeoutMs: number) {
    if (typeof client?.query !== "function") {
      throw new TypeError("PostgresSessionStore: the pool must have a method query(text, values)");
    }
    this.#client = client;
    this.#pool = isPool(client) ? client : undefined;
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
      const pool = this.#pool;
      if (pool !== undefined) return await sendOver(await take(pool, until), text, values, until);
      const { rows } = await within(left(until), this.#client.query(text, values));
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

function isPool(client: PostgresClient): client is PostgresPool {
  return "waitingCount" in client && "connect" in client && typeof client.connect === "function";
}

/**
 * A connection of a pool, taken by ourselves: a statement that waited for one in the pool could not be withdrawn any more, and
 * would be carried out when nobody wants it. One that comes too late goes back at once.
 */
async function take(pool: PostgresPool, until: number): Promise<PooledClient> {
  const taken = pool.connect();
  try {
    return await within(left(until), taken);
  } catch (error) {
    taken.then((late) => late.release(), ignore);
    throw error;
  }
}

async function sendOver(
  client: PooledClient,
  text: string,
  values: unknown[],
  until: number,
): Promise<Row[]> {
  let isBroken = true;
  // A connection that breaks says so twice: by the statement, and by an event that must have a listener.
  client.on("error", ignore);
  try {
    const { rows } = await within(left(until), client.query(text, values));
    isBroken = false;
    return rows as Row[];
  } catch (error) {
    // What the database itself has answered leaves the connection as it was.
    isBroken = codeOf(error)?.length !== 5 || isCut(error);
    throw error;
  } finally {
    client.off("error", ignore);
    client.release(isBroken);
  }
}

function left(until: number): number {
  return Math.max(1, Math.ceil(until - performance.now()));
}

function ignore(): void {}

/** The SQLSTATE of an error. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
function codeOf(error: unknown): string | undefined {
  const code = propertyOf(error, "code");
  return typeof code === "string" ? code : undefined;
}
