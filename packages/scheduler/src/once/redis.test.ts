import { Redis } from "ioredis";
import { createClient } from "redis";
import { expect, onTestFinished, test } from "vitest";
import { isReachable, REDIS_URL, uniqueName } from "../../test/servers.ts";
import { redisOnce } from "./redis.ts";

const isUp = await isReachable(REDIS_URL);
const slot = { name: "purge", scheduledAt: new Date("2026-01-01T00:00:00Z"), keepMs: 60_000 };

async function connect() {
  const nodeRedis = createClient({ url: REDIS_URL });
  await nodeRedis.connect();
  const ioredis = new Redis(REDIS_URL);
  const prefix = `${uniqueName("redis")}:`;
  onTestFinished(async () => {
    const keys = await nodeRedis.keys(`${prefix}*`);
    if (keys.length > 0) await nodeRedis.del(keys);
    nodeRedis.destroy();
    ioredis.disconnect();
  });
  return { nodeRedis, ioredis, prefix };
}

test.skipIf(!isUp)("of many claims through node-redis and ioredis at once, one is granted", async () => {
  const { nodeRedis, ioredis, prefix } = await connect();
  const onces = [redisOnce(nodeRedis, { prefix }), redisOnce(ioredis, { prefix })];
  const claims = Array.from({ length: 50 }, (_, n) => (onces[n % 2] as (typeof onces)[0]).claim(slot));
  expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
  const later = { ...slot, scheduledAt: new Date("2026-01-01T00:01:00Z") };
  expect(await onces[1]?.claim(later)).toBe(true);
  expect(await onces[0]?.claim({ ...slot, name: "other" })).toBe(true);
});

test.skipIf(!isUp)("a claim is kept for as long as was asked, and not deleted", async () => {
  const { nodeRedis, ioredis, prefix } = await connect();
  await redisOnce(nodeRedis, { prefix }).claim(slot);
  await redisOnce(ioredis, { prefix }).claim({ ...slot, name: "other" });
  for (const name of ["purge", "other"]) {
    const left = await nodeRedis.pTTL(`${prefix}${name}:${slot.scheduledAt.getTime()}`);
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
  }
});
