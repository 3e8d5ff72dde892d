import { Client, Pool } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { isReachable, POSTGRES_URL, uniqueName } from "../../test/servers.ts";
import { postgresOnce } from "./postgres.ts";

const isUp = await isReachable(POSTGRES_URL);
const HOUR = 3_600_000;
/** The table as the package's first version made it. */
const FIRST_VERSION = (table: string) =>
  `CREATE TABLE ${table} (name text NOT NULL, scheduled_at timestamptz NOT NULL, ` +
  "kept_until timestamptz NOT NULL, PRIMARY KEY (name, scheduled_at))";

async function connect() {
  const pool = new Pool({ connectionString: POSTGRES_URL, max: 8 });
  const table = uniqueName("postgres");
  onTestFinished(async () => {
    await pool.query(`DROP TABLE IF EXISTS ${table}, ${table}_lease`);
    await pool.end();
  });
  const once = postgresOnce(pool, { table });
  return { pool, table, once };
}

let claimants = 0;
const slotAt = (scheduledAt: number) => ({
  name: "purge",
  scheduledAt: new Date(scheduledAt),
  keepMs: HOUR,
  claimant: `claimant-${(claimants += 1)}`,
});

describe.skipIf(!isUp)("postgresOnce", () => {
  test("any number of instances can make the tables at once, of old tables too, round after round", async () => {
    const instances = Array.from({ length: 6 }, () => new Client({ connectionString: POSTGRES_URL }));
    const tables = Array.from({ length: 30 }, (_, round) => uniqueName(`race_${round}`));
    const [first] = instances as [Client];
    await Promise.all(instances.map((client) => client.connect()));
    onTestFinished(async () => {
      await first.query(tables.map((table) => `DROP TABLE IF EXISTS ${table}, ${table}_lease;`).join(""));
      await Promise.all(instances.map((client) => client.end()));
    });
    for (const [round, table] of tables.entries()) {
      if (round % 3 === 0) await first.query(FIRST_VERSION(table));
      const onces = instances.map((client) => postgresOnce(client, { table }));
      // Each claims as soon as it has made the tables, while others still make them.
      const scheduledAt = Date.now();
      const claims = await Promise.all(
        onces.map(async (once) => {
          await once.migrate();
          return once.claim(slotAt(scheduledAt));
        }),
      );
      expect(claims.filter(Boolean)).toHaveLength(1);
    }
  });

  test("a table of the first version gets what is new", async () => {
    const { pool, once, table } = await connect();
    await pool.query(FIRST_VERSION(table));
    await once.migrate();
    expect(await once.claim(slotAt(Date.now()))).toBe(true);
  });

  test("a slot may be claimed after a later one: clocks differ by more than a slot", async () => {
    const { once } = await connect();
    await once.migrate();
    const now = Date.now();
    expect(await once.claim(slotAt(now + 1000))).toBe(true);
    expect(await once.claim(slotAt(now))).toBe(true);
  });

  test("rows whose time is over are swept by later claims", async () => {
    const { pool, once, table } = await connect();
    await once.migrate();
    const now = Date.now();
    for (let n = 0; n < 5; n += 1) await once.claim({ ...slotAt(now + n), keepMs: 300 });
    await new Promise((resolve) => setTimeout(resolve, 400));
    await once.claim(slotAt(now + 1000));
    const { rows } = await pool.query(`SELECT count(*)::int AS count FROM ${table}`);
    expect(rows).toEqual([{ count: 1 }]);
  });
});

test("a table's name that could be something else is refused", () => {
  const client = { query: () => Promise.resolve({ rows: [] }) };
  expect(() => postgresOnce(client, { table: "a; DROP TABLE b" })).toThrow(RangeError);
  expect(postgresOnce(client, { table: "jobs.once" }).schema).toContain(
    "CREATE TABLE IF NOT EXISTS jobs.once",
  );
});
