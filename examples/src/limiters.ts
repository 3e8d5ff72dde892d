// What counts attempts, where the site's store is: over all processes in Redis and Postgres, in each one elsewhere.
import type { RateLimiter } from "@hatcheck/core";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRedis } from "rate-limiter-flexible";
import type { PostgresPool } from "./users-postgres.ts";

/** A limiter of so many attempts in a quarter of an hour. */
export type LimiterOf = (keyPrefix: string, points: number) => RateLimiter;

const DURATION_SECONDS = 15 * 60;

export const limiterInMemory: LimiterOf = (keyPrefix, points) =>
  new RateLimiterMemory({ keyPrefix, points, duration: DURATION_SECONDS });

/** @param client of the `redis` package */
export function limiterInRedis(client: object): LimiterOf {
  return (keyPrefix, points) =>
    new RateLimiterRedis({
      storeClient: client,
      useRedisPackage: true,
      keyPrefix: `hatcheck-example-${keyPrefix}`,
      points,
      duration: DURATION_SECONDS,
    });
}

const TABLE = "hatcheck_example_attempts";

/** Makes the table when it is not there. */
export async function limiterInPostgres(pool: PostgresPool): Promise<LimiterOf> {
  const table = `CREATE TABLE IF NOT EXISTS ${TABLE} (key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint)`;
  await pool.query(`DO $$ BEGIN PERFORM pg_advisory_xact_lock(7879); ${table}; END $$`);
  return (keyPrefix, points) =>
    new RateLimiterPostgres({
      storeClient: pool,
      tableName: TABLE,
      tableCreated: true,
      keyPrefix,
      points,
      duration: DURATION_SECONDS,
    });
}
