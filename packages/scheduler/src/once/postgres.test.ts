import { Pool } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { isReachable, POSTGRES_URL, uniqueName } from "../../test/servers.ts";
import { postgresOnce } from "./postgres.ts";

const isUp = await isReachable(POSTGRES_URL);
const HOUR = 3_600_000;

async function connect() {
  const pool = new Pool({ connectionString: POSTGRES_URL, max: 8 });
  const table = uniqueName("postgres");
  onTestFinished(async () => {
    await pool.query(`DROP TABLE IF EXISTS ${table}`);
    await pool.end();
  });
  const once = postgresOnce(pool, { table });
  return { pool, table, once };
}

const slotAt = (scheduledAt: number) => ({ name: "purge", scheduledAt: new Date(scheduledAt), keepMs: HOUR });

describe.skipIf(!isUp)("postgresOnce", () => {
  test("any number of instances can make the table at once", async () => {
    const { pool, once, table } = await connect();
    await Promise.all(Array.from({ length: 8 }, () => once.migrate()));
    const { rows } = await pool.query(`SELECT count(*)::int AS count FROM ${table}`);
    expect(rows).toEqual([{ count: 0 }]);
  });

  test("of many claims at once, one is granted", async () => {
    const { once } = await connect();
    await once.migrate();
    const now = Date.now();
    const claims = await Promise.all(Array.from({ length: 50 }, () => once.claim(slotAt(now))));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await once.claim(slotAt(now + 1))).toBe(true);
    expect(await once.claim({ ...slotAt(now), name: "other" })).toBe(true);
  });

  test("a slot may be claimed after a later one: clocks differ by more than a slot", async () => {
    const { once } = await connect();
    await once.migrate();
    const now = Date.now();
    expect(await once.claim(slotAt(now + 1000))).toBe(true);
    expect(await once.claim(slotAt(now))).toBe(true);
  });

  test("a slot so old that its row may be gone is refused, whatever the instance's clock says", async () => {
    const { once } = await connect();
    await once.migrate();
    expect(await once.claim(slotAt(Date.now() - HOUR - 1000))).toBe(false);
    expect(await once.claim(slotAt(Date.now() - HOUR + 10_000))).toBe(true);
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
