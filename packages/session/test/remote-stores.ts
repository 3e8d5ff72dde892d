// Opens stores over every driver, for tests and for the processes that they start.
import { Cluster, Redis } from "ioredis";
import { Pool } from "pg";
import { createClient, createCluster } from "redis";
import { type PostgresOptions, PostgresSessionStore } from "../src/postgres/postgres-store.ts";
import { type RedisClient, type RedisOptions, RedisSessionStore } from "../src/redis/redis-store.ts";
import type { AnyData } from "../src/testkit/conformance.ts";

export interface Opened<Store> {
  readonly store: Store;
  close(): Promise<void>;
}

export type RedisDriver = "node-redis" | "ioredis";

/** A store with a client of its own; over a Cluster where there are several ports. */
export async function openRedis(
  driver: RedisDriver,
  ports: readonly number[],
  options: RedisOptions<AnyData>,
  wrap: (client: RedisClient) => RedisClient = (client) => client,
): Promise<Opened<RedisSessionStore<AnyData>>> {
  const [port = 6379] = ports;
  if (driver === "ioredis") {
    const nodes = ports.map((it) => ({ host: "127.0.0.1", port: it }));
    const client = ports.length > 1 ? new Cluster(nodes) : new Redis(port, "127.0.0.1");
    client.on("error", () => undefined);
    return {
      store: new RedisSessionStore(wrap(client), options),
      close: async () => client.disconnect(),
    };
  }
  const socket = { reconnectStrategy: () => 50 };
  const rootNodes = ports.map((it) => ({ url: `redis://127.0.0.1:${it}` }));
  const client =
    ports.length > 1
      ? createCluster({ rootNodes })
      : createClient({ url: `redis://127.0.0.1:${port}`, socket });
  client.on("error", () => undefined);
  await client.connect();
  return {
    store: new RedisSessionStore(wrap(client), options),
    close: async () => {
      if (client.isOpen) client.destroy();
    },
  };
}

/** A store with a pool of its own. */
export async function openPostgres(
  port: number,
  options: PostgresOptions<AnyData>,
  settings = "",
): Promise<Opened<PostgresSessionStore<AnyData>> & { pool: Pool }> {
  const pool = new Pool({ host: "127.0.0.1", port, user: "postgres", max: 5, options: settings });
  pool.on("error", () => undefined);
  let ended = false;
  return {
    pool,
    store: new PostgresSessionStore(pool, options),
    close: async () => {
      if (!ended) await pool.end();
      ended = true;
    },
  };
}
