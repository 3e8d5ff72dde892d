// What is told of an outage: its reason, and nothing of the sessions that were being written.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SessionOutage, type Store, SessionStoreUnavailableError } from "../src/index.ts";
import type { AnyData } from "../src/testkit/conformance.ts";
import { openPostgres, openRedis, type RedisDriver } from "./remote-stores.ts";
import { hasPostgres, hasRedis, startPostgres, startRedis, type TestServer } from "./servers.ts";

const SECRET = "4000-0000-0000-0002";

/** The error that a call rejects with, and the events of it. */
async function toldOf(call: () => Promise<unknown>): Promise<{ error: unknown; outages: SessionOutage[] }> {
  const outages: SessionOutage[] = [];
  const listener = (message: unknown): void => void outages.push(message as SessionOutage);
  subscribe("hatcheck.session.outage", listener);
  try {
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { error, outages };
  } finally {
    unsubscribe("hatcheck.session.outage", listener);
  }
}

/** Writes a secret while nothing can be written. */
async function saveSecret(store: Store<AnyData, "async">, block: () => Promise<unknown>): Promise<string> {
  const session = await store.create({ data: { a: 1 }, userId: "42" });
  session.set("card", SECRET);
  await block();
  const { error, outages } = await toldOf(() => store.save(session));
  expect(error).toBeInstanceOf(SessionStoreUnavailableError);
  expect(outages.map(({ operation }) => operation)).toEqual(["save"]);
  expect((await store.load(session.id))?.get("a")).toBe(1);
  return inspect([error, outages], {
    depth: 20,
    showHidden: true,
    maxArrayLength: null,
    maxStringLength: null,
  });
}

describe.skipIf(!hasRedis)("a Redis that is out of memory", () => {
  let server: TestServer;
  let node: Redis;
  beforeAll(async () => {
    server = await startRedis();
    node = new Redis(server.port, "127.0.0.1");
  });
  afterAll(async () => {
    node.disconnect();
    await server.close();
  });

  test.for<RedisDriver>(["node-redis", "ioredis"])("%s", async (driver) => {
    const { store, close } = await openRedis(driver, [server.port], { ttl: 60, prefix: `${driver}:` });
    const told = await saveSecret(store, () => node.config("SET", "maxmemory", 1)).finally(async () => {
      await node.config("SET", "maxmemory", 0);
      await close();
    });
    expect(told).toContain("OOM command not allowed");
    expect(told).not.toContain(SECRET);
  });
});

describe.skipIf(!hasPostgres)("a Postgres whose own rules refuse a row", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.close());

  test("pg", async () => {
    const { store, pool, close } = await openPostgres(server.port, { ttl: 60 });
    await store.migrate();
    const block = () => pool.query("ALTER TABLE hatcheck_session ADD CHECK (NOT data ? 'card')");
    const told = await saveSecret(store, block).finally(close);
    expect(told).toContain("violates check constraint");
    expect(told).not.toContain(SECRET);
  });
});
