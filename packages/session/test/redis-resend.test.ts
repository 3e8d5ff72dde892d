// ioredis sends a command again when the connection was lost before its answer came: then Redis runs it twice.
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RedisSessionStore } from "../src/redis/redis-store.ts";
import type { AnyData } from "../src/testkit/conformance.ts";
import { hasRedis, startRedis, type TestServer } from "./servers.ts";

describe.skipIf(!hasRedis)("a command that is sent a second time", () => {
  let server: TestServer;
  let node: Redis;
  let store: RedisSessionStore<AnyData>;
  beforeAll(async () => {
    server = await startRedis();
    node = new Redis(server.port, "127.0.0.1");
    const call = async (command: string, ...args: string[]): Promise<unknown> => {
      await node.call(command, ...args).catch(() => undefined);
      return node.call(command, ...args);
    };
    store = new RedisSessionStore<AnyData>({ call }, { ttl: 3600, maxBytes: 500 });
  });
  afterAll(async () => {
    node.disconnect();
    await server.close();
  });

  test("counts once", async () => {
    const { id } = await store.create();
    for (let count = 1; count <= 20; count += 1) {
      expect(await store.update(id, "count", (n) => Number(n ?? 0) + 1)).toBe(count);
    }
    expect((await store.load(id))?.get("count")).toBe(20);
    expect((await store.load(id))?.keys()).toEqual(["count"]);
  });

  test("saves, regenerates and logs in with success", async () => {
    const session = await store.create({ data: { a: 1 } });
    session.set("a", 2);
    expect(await store.save(session)).toBe(true);
    expect(await store.regenerate(session)).toBe(true);
    expect(await store.login(session, "42")).toBe(true);
    expect((await store.load(session.id))?.get("a")).toBe(2);
    expect(await store.listByUser("42")).toHaveLength(1);
    await store.destroy(session.id);
    expect(await store.load(session.id)).toBeUndefined();
    expect(await store.listByUser("42")).toEqual([]);
  });
});
