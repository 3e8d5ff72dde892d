// The ten guarantees on one Redis, over both drivers.
import { afterAll, beforeAll, describe } from "vitest";
import { redisConformance } from "./redis-conformance.ts";
import { hasRedis, startRedis, type TestServer } from "./servers.ts";

describe.skipIf(!hasRedis)("RedisSessionStore", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  describe("node-redis", () => {
    redisConformance("node-redis", () => [server.port], 1000);
  });
  describe("ioredis", () => {
    redisConformance("ioredis", () => [server.port], 200);
  });
});
