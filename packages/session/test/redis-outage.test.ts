// Redis when things go wrong: killed writers, restarts, a server that is stopped, an index that is lost.
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { SessionStoreUnavailableError } from "../src/model/errors.ts";
import { type RedisOptions, RedisSessionStore } from "../src/redis/redis-store.ts";
import type { AnyData } from "../src/testkit/conformance.ts";
import { answersOf } from "./answers.ts";
import { openRedis, type RedisDriver } from "./remote-stores.ts";
import { hasRedis, startRedis, startRedisCluster, type TestServer, until } from "./servers.ts";
import { churnAndKill } from "./worker.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const DRIVERS: RedisDriver[] = ["node-redis", "ioredis"];
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(driver: RedisDriver, ports: number[], options: Partial<RedisOptions<AnyData>>) {
  const { store, close } = await openRedis(driver, ports, { ttl: 3600, ...options });
  closing.push(close);
  return store;
}

function openNode(port: number): Redis {
  const node = new Redis(port, "127.0.0.1");
  closing.push(async () => node.disconnect());
  return node;
}

/** What is wrong with what a server holds: nothing may be half-written, or without an end. */
async function faultsOf(node: Redis, prefix: string): Promise<{ sessions: number; faults: string[] }> {
  const faults: string[] = [];
  let sessions = 0;
  for (const key of await node.keys(`${prefix}*`)) {
    if ((await node.pttl(key)) <= 0) faults.push(`${key} has no expiry`);
    if (key.startsWith(`${prefix}user:`)) continue;
    sessions += 1;
    const fields = await node.hgetall(key);
    const data = ["n", "d:a", "d:b"].filter((field) => field in fields).length;
    // What another user logs in to is emptied.
    const complete = ["h", "c", "s", "e"].every((field) => field in fields) && (data === 3 || data === 0);
    if (!complete || fields["d:a"] !== fields["d:b"]) faults.push(`${key} is half-written`);
    if ("u" in fields !== "a" in fields || "u" in fields !== "g" in fields)
      faults.push(`${key}: half a login`);
  }
  return { sessions, faults };
}

describe.skipIf(!hasRedis)("Redis in trouble", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startRedis({ durable: true });
  });
  afterAll(() => server.close());

  test.for(DRIVERS)("%s: a writer killed in the middle leaves nothing half-written", async (driver) => {
    const prefix = `killed-${driver}:`;
    for (const ms of [50, 400]) await churnAndKill(driver, [server.port], prefix, ms);
    const node = openNode(server.port);
    const { sessions, faults } = await faultsOf(node, prefix);
    expect(faults).toEqual([]);
    expect(sessions).toBeGreaterThan(10);

    // The index has every session of the users, and no other once it was listed.
    const store = await open(driver, [server.port], { prefix });
    const users = await Promise.all(
      (await node.keys(`${prefix}??????????????????????`)).map((key) => node.hget(key, "u")),
    );
    for (const userId of ["42", "43", "44"]) {
      const count = users.filter((user) => user === userId).length;
      expect(await store.listByUser(userId)).toHaveLength(count);
      expect(await node.zcount(`${prefix}user:${userId}`, 0, "+inf")).toBe(count);
      expect(await store.destroyByUser(userId)).toBe(count);
    }
    expect(await store.len()).toBe(0);
  });

  test.for(DRIVERS)("%s: a restart is an outage, and no more", async (driver) => {
    const store = await open(driver, [server.port], { prefix: `restart-${driver}:`, timeoutMs: 300 });
    const { id } = await store.create({ data: { name: "Ada" }, userId: "42" });
    const { right, unavailable } = await answersOf(store, id, async () => {
      await sleep(100);
      await server.kill();
      await sleep(500);
      await server.start();
      // The same store works again: the new server is given the scripts it does not know.
      await until(async () => (await store.load(id)) !== undefined);
      await sleep(100);
    });
    expect(right).toBeGreaterThan(5);
    expect(unavailable).toBeGreaterThan(0);
    expect(await store.listByUser("42")).toHaveLength(1);
    const node = openNode(server.port);
    for (const key of await node.keys(`restart-${driver}:*`)) expect(await node.pttl(key)).toBeGreaterThan(0);
  });

  test.for(DRIVERS)("%s: a stopped server is 503 within the time limit", async (driver) => {
    const store = await open(driver, [server.port], { prefix: `stopped-${driver}:`, timeoutMs: 200 });
    const { id } = await store.create({ data: { name: "Ada" } });
    server.pause();
    try {
      for (const call of [() => store.load(id), () => store.create(), () => store.len()]) {
        const start = performance.now();
        await expect(call()).rejects.toThrow(SessionStoreUnavailableError);
        expect(performance.now() - start).toBeLessThan(5000);
      }
    } finally {
      server.resume();
    }
    await until(async () => (await store.load(id))?.get("name") === "Ada");
  });

  test.for(DRIVERS)("%s: a server that has forgotten the scripts is told them again", async (driver) => {
    const store = await open(driver, [server.port], { prefix: `flushed-${driver}:` });
    const { id } = await store.create({ data: { a: 1 }, userId: "42" });
    await openNode(server.port).script("FLUSH");
    expect(await store.update(id, "a", (a) => Number(a) + 1)).toBe(2);
    expect(await store.listByUser("42")).toHaveLength(1);
  });

  describe("the user index", () => {
    const idle = 5;
    /** More than a tenth of the idle time: the next load writes "last seen". */
    const untilDue = (): Promise<unknown> => sleep(600);

    test("an entry whose session is gone is removed by listing", async () => {
      const prefix = "stale:";
      const store = await open("ioredis", [server.port], { prefix });
      const node = openNode(server.port);
      const { handle } = await store.create({ userId: "42" });
      const kept = await store.create({ userId: "42" });
      await node.del(prefix + handle);
      expect((await store.listByUser("42")).map((entry) => entry.handle)).toEqual([kept.handle]);
      expect(await node.zrange(`${prefix}user:42`, "0", "-1")).toEqual([kept.handle]);
    });

    test("an entry that was lost is made again when its session is used", async () => {
      const prefix = "lost:";
      const store = await open("ioredis", [server.port], { prefix, idle });
      const { id, handle } = await store.create({ userId: "42" });
      await openNode(server.port).del(`${prefix}user:42`);
      expect(await store.listByUser("42")).toEqual([]);
      await untilDue();
      await store.load(id);
      expect((await store.listByUser("42")).map((entry) => entry.handle)).toEqual([handle]);
    });

    test("a session that destroyByUser could not find ends when it is used; one that was spared does not", async () => {
      const prefix = "missed:";
      const store = await open("ioredis", [server.port], { prefix, idle });
      const missed = await store.create({ userId: "42" });
      const spared = await store.create({ userId: "42" });
      await openNode(server.port).del(`${prefix}user:42`);
      expect(await store.destroyByUser("42", { except: spared })).toBe(0);
      await untilDue();
      expect(await store.load(missed.id)).toBeUndefined();
      expect((await store.load(spared.id))?.userId).toBe("42");
      expect(await store.len()).toBe(1);
    });

    test("two that end all others at once spare the same session", async () => {
      const store = await open("ioredis", [server.port], { prefix: "twice:", idle });
      const spared = await store.create({ userId: "42" });
      for (let count = 0; count < 5; count += 1) await store.create({ userId: "42" });
      const counts = await Promise.all([1, 2, 3].map(() => store.destroyByUser("42", { except: spared })));
      expect(counts.reduce((sum, count) => sum + count)).toBe(5);
      await untilDue();
      const loaded = await store.load(spared.id);
      expect(loaded?.lastSeenAt).toBeGreaterThan(spared.lastSeenAt);
    });

    test("it ends with the last session", async () => {
      const store = await open("ioredis", [server.port], { prefix: "ending:", ttl: 100 });
      const node = openNode(server.port);
      await store.create({ userId: "42" });
      const left = await node.pttl("ending:user:42");
      expect(left).toBeGreaterThan(100_000);
      expect(left).toBeLessThan(200_000);
    });
  });

  test("Redis itself removes what has expired, by lifetime and by idle time", async () => {
    const prefix = "expiring:";
    const short = await open("ioredis", [server.port], { prefix, ttl: 0.2 });
    const idle = await open("node-redis", [server.port], { prefix, idle: 0.2 });
    const ids = [(await short.create({ userId: "42" })).id, (await idle.create({ userId: "42" })).id];
    await until(
      async () => (await openNode(server.port).keys(`${prefix}??????????????????????`)).length === 0,
    );
    for (const store of [short, idle]) {
      for (const id of ids) expect(await store.load(id)).toBeUndefined();
      expect(await store.listByUser("42")).toEqual([]);
    }
  });

  test("a handle from a form never names another key", async () => {
    const prefix = "forged:";
    const store = await open("ioredis", [server.port], { prefix });
    await store.create({ userId: "42" });
    expect(await store.destroyByHandle("42", "user:42")).toBe(false);
    expect(await store.listByUser("42")).toHaveLength(1);
  });

  test("ioredis: its own keyPrefix comes before that of the store, in counting too", async () => {
    const client = new Redis(server.port, "127.0.0.1", { keyPrefix: "app[1]*:" });
    closing.push(async () => client.disconnect());
    const store = new RedisSessionStore(client, { ttl: 60, prefix: "s:" });
    await store.create({ userId: "42" });
    expect(await store.len()).toBe(1);
    expect(await openNode(server.port).keys("app\\[1\\]\\*:s:user:*")).toHaveLength(1);
  });

  test("what is no client is refused at once, and so is a wrong time limit", () => {
    expect(() => new RedisSessionStore({} as never, 60)).toThrow(/node-redis.* ioredis/);
    expect(() => new RedisSessionStore(openNode(server.port), { ttl: 60, timeoutMs: 0 })).toThrow(RangeError);
  });
});

describe.skipIf(!hasRedis)("A Redis Cluster in trouble", () => {
  test.for(DRIVERS)("%s: a writer killed in the middle leaves nothing half-written", async (driver) => {
    const cluster = await startRedisCluster();
    closing.push(cluster.close);
    await churnAndKill(driver, cluster.ports, "killed:", 500);
    let total = 0;
    for (const port of cluster.ports) {
      const { sessions, faults } = await faultsOf(openNode(port), "killed:");
      expect(faults).toEqual([]);
      expect(sessions).toBeGreaterThan(0);
      total += sessions;
    }
    const store = await open(driver, cluster.ports, { prefix: "killed:" });
    expect(await store.len()).toBe(total);
    let count = 0;
    for (const userId of ["42", "43", "44"]) {
      count += await store.destroyByUser(userId);
      expect(await store.listByUser(userId)).toEqual([]);
    }
    expect(count).toBeLessThanOrEqual(total);
    expect(count).toBeGreaterThan(0);
  });
});
