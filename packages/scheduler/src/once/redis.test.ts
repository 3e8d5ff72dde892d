import { Redis } from "ioredis";
import { createClient } from "redis";
import { expect, onTestFinished, test } from "vitest";
import { isReachable, REDIS_URL, uniqueName } from "../../test/servers.ts";
import { redisOnce } from "./redis.ts";

const isUp = await isReachable(REDIS_URL);
const slot = { name: "purge", scheduledAt: new Date(), keepMs: 60_000, claimant: "one" };

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
  const claims = Array.from({ length: 50 }, (_, n) =>
    onces[n % 2]?.claim({ ...slot, claimant: `claimant ${n}` }),
  );
  expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
});

test.skipIf(!isUp)("a claim is kept until its time after the slot is over, and not deleted", async () => {
  const { nodeRedis, ioredis, prefix } = await connect();
  const late = { ...slot, scheduledAt: new Date(slot.scheduledAt.getTime() - 20_000) };
  await redisOnce(nodeRedis, { prefix }).claim(late);
  await redisOnce(ioredis, { prefix, namespace: "shop" }).claim(late);
  for (const name of ["purge", "shop:purge"]) {
    const left = await nodeRedis.pTTL(`${prefix}{${name}}:${late.scheduledAt.getTime()}`);
    expect(left).toBeGreaterThan(30_000);
    expect(left).toBeLessThanOrEqual(40_000);
  }
});

test.skipIf(!isUp)("a task's slots and its lease are on one node of a cluster", async () => {
  const { nodeRedis, prefix } = await connect();
  await redisOnce(nodeRedis, { prefix, namespace: "{shop}" }).claimExclusive?.({ ...slot, name: "a}b{c" });
  const keys = await nodeRedis.keys(`${prefix}*`);
  expect(keys.map((key) => /\{(.*?)\}/.exec(key)?.[1])).toEqual([
    "%7Bshop%7D:a%7Db%7Bc",
    "%7Bshop%7D:a%7Db%7Bc",
  ]);
});

test.skipIf(!isUp)("a token that Redis has lost is followed by a larger one all the same", async () => {
  const { nodeRedis, prefix } = await connect();
  const once = redisOnce(nodeRedis, { prefix });
  const first = await once.claimExclusive?.(slot);
  await nodeRedis.del(await nodeRedis.keys(`${prefix}*`));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const second = await once.claimExclusive?.({ ...slot, claimant: "two" });
  expect([first, second]).toEqual([
    expect.objectContaining({ fencingToken: expect.any(Number) }),
    expect.objectContaining({ fencingToken: expect.any(Number) }),
  ]);
  if (typeof first !== "object" || typeof second !== "object") return;
  expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
});
