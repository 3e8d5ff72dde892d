// L8: what was answered 503 is not done later, when the server is back or a connection is free.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { SessionStoreUnavailableError } from "../src/model/errors.ts";
import type { Store } from "../src/model/store.ts";
import type { AnyData } from "../src/testkit/conformance.ts";
import { openPostgres, openRedis, type RedisDriver } from "./remote-stores.ts";
import { hasPostgres, hasRedis, startPostgres, startRedis, type TestServer, until } from "./servers.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const DRIVERS: RedisDriver[] = ["node-redis", "ioredis"];
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Asks `store` for changes while nobody answers, lets `other` write when it can again, and looks at what is there in the end. */
async function foundAfter(
  store: Store<AnyData>,
  other: Store<AnyData>,
  { cut, mend }: { cut: () => unknown; mend: () => unknown },
): Promise<unknown> {
  const session = await store.create({ data: { name: "before" }, userId: "42" });
  const { id } = session;
  const newer = await other.load(id);
  await cut();
  session.set("name", "old");
  const calls = [
    () => store.save(session),
    () => store.update(id, "count", () => 1),
    () => store.renew(session, { extend: true }),
    () => store.login(session, "43"),
    () => store.destroy(id),
    () => store.destroyByUser("42"),
    ...Array.from({ length: 50 }, () => () => store.create({ data: { name: "nobody's" } })),
  ];
  for (const answer of await Promise.allSettled(calls.map((call) => call()))) {
    expect(answer).toMatchObject({ status: "rejected", reason: expect.any(SessionStoreUnavailableError) });
  }
  await mend();
  newer?.set("name", "new");
  await until(async () => (newer === undefined ? false : other.save(newer)));
  // What went through the same connection comes after all that was in line there.
  await until(async () => (await store.load(id)) !== undefined);
  await store.len();
  const now = await other.load(id);
  return {
    name: now?.get("name"),
    count: now?.get("count"),
    userId: now?.userId,
    sessions: await other.len(),
    ofUsers: [(await other.listByUser("42")).length, (await other.listByUser("43")).length],
  };
}

/** The session as it was, with what was acknowledged; no other. */
const UNTOUCHED = { name: "new", count: undefined, userId: "42", sessions: 1, ofUsers: [1, 0] };

describe.skipIf(!hasRedis)("L8. 503 means not done: Redis", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startRedis({ durable: true });
  });
  afterAll(() => server.close());

  const open = async (driver: RedisDriver, prefix: string, timeoutMs: number) => {
    const { store, close } = await openRedis(driver, [server.port], { ttl: 3600, prefix, timeoutMs });
    closing.push(close);
    return store;
  };

  test.for(DRIVERS)("%s: what a stopped server was sent is not done when it goes on", async (driver) => {
    const prefix = `stopped-${driver}:`;
    const found = await foundAfter(await open(driver, prefix, 150), await open("ioredis", prefix, 5000), {
      cut: () => server.pause(),
      mend: () => server.resume(),
    });
    expect(found).toEqual(UNTOUCHED);
  });

  test.for(DRIVERS)(
    "%s: what a client kept for a server that was gone is not done when it is back",
    async (driver) => {
      const prefix = `gone-${driver}:`;
      const found = await foundAfter(await open(driver, prefix, 150), await open("ioredis", prefix, 5000), {
        cut: () => server.kill(),
        mend: () => server.start(),
      });
      expect(found).toEqual(UNTOUCHED);
    },
  );

  test.for(DRIVERS)(
    "%s: what was asked before the server could be reached at all is not done later",
    async (driver) => {
      const prefix = `never-${driver}:`;
      const store = await open(driver, prefix, 150);
      await server.kill();
      await expect(store.create()).rejects.toThrow(SessionStoreUnavailableError);
      await server.start();
      await until(async () => (await store.load("unknown")) === undefined);
      expect(await store.len()).toBe(0);
    },
  );

  test("a server whose clock is set goes on being asked", async () => {
    const { store, close } = await openRedis(
      "ioredis",
      [server.port],
      { ttl: 3600, prefix: "clock:" },
      (client) => {
        const send = (client as { call(...args: string[]): Promise<unknown> }).call.bind(client);
        // The time that it tells first is long over.
        return {
          call: async (command: string, ...args: string[]) => {
            const reply = await send(command, ...args);
            return command === "TIME" ? [String(Number((reply as string[])[0]) - 600), "0"] : reply;
          },
        };
      },
    );
    closing.push(close);
    const session = await store.create({ data: { a: 1 } });
    expect((await store.load(session.id))?.get("a")).toBe(1);
  });
});

describe.skipIf(!hasPostgres)("L8. 503 means not done: Postgres", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());

  test("what waited for a connection of an exhausted pool is not done when one is free", async () => {
    const { store, pool, close } = await openPostgres(server.port, { ttl: 3600, timeoutMs: 150 });
    const other = await openPostgres(server.port, { ttl: 3600 });
    closing.push(close, other.close);
    await store.migrate();
    const taken: { release(): void }[] = [];
    const found = await foundAfter(store, other.store, {
      cut: async () => {
        for (let count = 0; count < 5; count += 1) taken.push(await pool.connect());
      },
      mend: () => {
        for (const client of taken) client.release();
      },
    });
    expect(found).toEqual(UNTOUCHED);
    expect([pool.waitingCount, pool.idleCount, pool.totalCount]).toEqual([0, 5, 5]);
  });
});
