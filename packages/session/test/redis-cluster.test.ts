// The ten guarantees on a Redis Cluster of three nodes, over both drivers.
import { afterAll, beforeAll, describe } from "vitest";
import { redisConformance } from "./redis-conformance.ts";
import { hasRedis, startRedisCluster } from "./servers.ts";

describe.skipIf(!hasRedis)("RedisSessionStore on a Cluster", () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster.close());

  describe("node-redis", () => {
    redisConformance("node-redis", () => cluster.ports, 200);
  });
  describe("ioredis", () => {
    redisConformance("ioredis", () => cluster.ports, 200);
  });
});
