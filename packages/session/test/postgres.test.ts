// The ten guarantees on Postgres: over `pg`, with two pools, and in PGlite.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { PGlite } from "@electric-sql/pglite";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { type PostgresClient, PostgresSessionStore } from "../src/postgres/postgres-store.ts";
import {
  type AnyData,
  type ConformanceOptions,
  type Connections,
  storeConformance,
} from "../src/testkit/conformance.ts";
import { CLOCK, SEARCH_PATH } from "./postgres-clock.ts";
import { openPostgres } from "./remote-stores.ts";
import { hasPostgres, startPostgres, type TestServer } from "./servers.ts";
import { WORKER } from "./worker.ts";

let stores = 0;

vi.setConfig({ testTimeout: 60_000 });

/** The database that the running test is on. */
let database: PostgresClient;

interface Opened extends Connections {
  readonly table: string;
  readonly pool: PostgresClient;
  close(): Promise<void>;
  break(): Promise<void>;
}

const hooks: Pick<ConformanceOptions<Opened>, "test" | "clock" | "dump" | "damage" | "outage" | "close"> = {
  test,
  clock: {
    async advance(seconds) {
      await database.query("UPDATE clock.ahead SET by = by + $1::float8 * interval '1 second'", [seconds]);
    },
  },
  async dump({ pool, table }) {
    const { rows } = await pool.query(`SELECT * FROM ${table} ORDER BY handle`);
    return JSON.stringify(rows);
  },
  async damage({ pool, table }, handle, text) {
    const data = JSON.stringify({ a: text, c: '"d"' });
    await pool.query(`UPDATE ${table} SET data = $2 WHERE handle = $1`, [handle, data]);
  },
  outage: (opened) => opened.break(),
  close: (opened) => opened.close(),
};

describe.skipIf(!hasPostgres)("PostgresSessionStore over pg", () => {
  let server: TestServer;
  let admin: Pool;
  beforeAll(async () => {
    server = await startPostgres();
    admin = new Pool({ host: "127.0.0.1", port: server.port, user: "postgres" });
    for (const statement of CLOCK) await admin.query(statement);
    database = admin;
  }, 60_000);
  afterAll(async () => {
    await admin.end();
    await server.close();
  });

  storeConformance<Opened>(
    async (options) => {
      const table = `public.conformance_${(stores += 1)}`;
      await admin.query("UPDATE clock.ahead SET by = '0'");
      const one = await openPostgres(server.port, { ...options, table }, `-c ${SEARCH_PATH}`);
      const two = await openPostgres(server.port, { ...options, table }, `-c ${SEARCH_PATH}`);
      await one.store.migrate();
      const close = async (): Promise<void> => void (await Promise.all([one.close(), two.close()]));
      return { table, store: one.store, other: two.store, pool: two.pool, close, break: one.close };
    },
    {
      ...hooks,
      rounds: 1000,
      async blockWrites({ table }) {
        const writer = await admin.connect();
        await writer.query(`BEGIN; SELECT 1 FROM ${table} FOR UPDATE`);
        return async () => {
          await writer.query("ROLLBACK");
          writer.release();
        };
      },
      async countInProcess({ table }, id, key, times) {
        const args = ["count", "pg", String(server.port), table, id, key, `${times}`];
        await promisify(execFile)(process.execPath, [...WORKER, ...args]);
      },
    },
  );
});

describe("PostgresSessionStore in PGlite", () => {
  let lite: PGlite;
  beforeAll(async () => {
    lite = await PGlite.create();
    for (const statement of CLOCK) await lite.exec(statement);
    await lite.exec(`SET ${SEARCH_PATH}`);
    database = lite;
  }, 60_000);
  afterAll(() => lite.close());

  storeConformance<Opened>(
    async (options) => {
      const table = `public.conformance_${(stores += 1)}`;
      await lite.exec("UPDATE clock.ahead SET by = '0'");
      const store = new PostgresSessionStore<AnyData>(lite, { ...options, table });
      const other = new PostgresSessionStore<AnyData>(lite, { ...options, table });
      await store.migrate();
      const close = async (): Promise<void> => void (await lite.exec(`DROP TABLE IF EXISTS ${table}`));
      return { table, store, other, pool: lite, close, break: close };
    },
    {
      ...hooks,
      rounds: 100,
      async blockWrites() {
        await lite.exec("SET default_transaction_read_only = on");
        return async () => void (await lite.exec("SET default_transaction_read_only = off"));
      },
    },
  );
});
