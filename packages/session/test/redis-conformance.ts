// The conformance kit over a Redis, whatever the driver and however many nodes.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { test, vi } from "vitest";
import { storeConformance } from "../src/testkit/conformance.ts";
import type { RedisClient } from "../src/redis/redis-store.ts";
import { RedisClock } from "./redis-clock.ts";
import { openRedis, type RedisDriver } from "./remote-stores.ts";
import { WORKER } from "./worker.ts";

let stores = 0;

vi.setConfig({ testTimeout: 60_000 });

/** @param rounds how often the races are run */
export function redisConformance(driver: RedisDriver, ports: () => number[], rounds: number): void {
  const clock = new RedisClock();
  const wrap = (client: RedisClient): RedisClient => clock.wrap(client);
  storeConformance(
    async (options) => {
      const prefix = `conformance-${(stores += 1)}:`;
      clock.reset(prefix);
      const one = await openRedis(driver, ports(), { ...options, prefix }, wrap);
      const two = await openRedis(driver, ports(), { ...options, prefix }, wrap);
      return { prefix, store: one.store, other: two.store, one, two };
    },
    {
      test,
      clock: { advance: (seconds) => clock.advance(ports(), seconds * 1000) },
      rounds,
      async close({ one, two }) {
        await one.close();
        await two.close();
      },
      dump: ({ prefix }) => dump(ports(), prefix),
      async damage({ prefix }, handle, text) {
        await withNode(ports(), async (node) => {
          const key = prefix + handle;
          const sent = await node.hset(key, "d:a", text).catch((error: Error) => error.message);
          if (typeof sent === "string" && !sent.startsWith("MOVED")) throw new Error(sent);
        });
      },
      async blockWrites() {
        const limit = (bytes: number) =>
          withNode(ports(), async (node) => void (await node.config("SET", "maxmemory", bytes)));
        await limit(1);
        return () => limit(0);
      },
      outage: ({ one }) => one.close(),
      async countInProcess({ prefix }, id, key, times) {
        const args = ["count", driver, ports().join(","), prefix, id, key, `${times}`];
        await promisify(execFile)(process.execPath, [...WORKER, ...args]);
      },
    },
  );
}

async function withNode(ports: number[], run: (node: Redis) => Promise<void>): Promise<void> {
  for (const port of ports) {
    const node = new Redis(port, "127.0.0.1");
    try {
      await run(node);
    } finally {
      node.disconnect();
    }
  }
}

/** All keys with what they hold, and when they end. */
async function dump(ports: number[], prefix: string): Promise<string> {
  const lines: string[] = [];
  await withNode(ports, async (node) => {
    for (const key of await node.keys(`${prefix}*`)) {
      const content =
        (await node.type(key)) === "hash"
          ? Object.entries(await node.hgetall(key)).toSorted()
          : await node.zrange(key, "0", "-1", "WITHSCORES");
      lines.push(JSON.stringify([key, content, await node.pexpiretime(key)]));
    }
  });
  return lines.toSorted().join("\n");
}
