/**
 * One instance of a shared task: prints each slot that it runs, and each that it leaves out since the database is down.
 */
import { subscribe } from "node:diagnostics_channel";
import { writeSync } from "node:fs";
import { Pool } from "pg";
import { createClient } from "redis";
import { type Once, Scheduler } from "../../src/index.ts";
import { postgresOnce } from "../../src/once/postgres.ts";
import { redisOnce } from "../../src/once/redis.ts";

const [url = "", space = "", interval = "250"] = process.argv.slice(2);

// Written at once, so that kill -9 cannot take a line back.
const print = (line: string) => writeSync(1, `${line}\n`);

async function connect(): Promise<Once> {
  if (url.startsWith("redis:")) {
    const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: 100 } });
    client.on("error", () => {});
    await client.connect();
    return redisOnce(client, { prefix: `${space}:` });
  }
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 1000 });
  pool.on("error", () => {});
  const once = postgresOnce(pool, { table: space });
  await once.migrate();
  return once;
}

const once = await connect();
subscribe("hatcheck:scheduler:skipped", (payload) => {
  const { reason, scheduledAt } = payload as { reason: string; scheduledAt: Date };
  if (reason === "unavailable") print(`unavailable ${scheduledAt.getTime()}`);
});
new Scheduler()
  .every(Number(interval), ({ scheduledAt }) => print(`run ${scheduledAt.getTime()}`), {
    name: "shared",
    once,
  })
  .start();
print("ready");
