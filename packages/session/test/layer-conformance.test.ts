// The protocol of the session layer, L1 to L12, on every store: all orders of the steps of two requests where that is cheap, some
// by chance where it is not. `pnpm torture --only protocol` tries all of them everywhere.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { SessionStore, type StoreOptions } from "../src/index.ts";
import type { RedisClient } from "../src/redis/redis-store.ts";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";
import {
  type AnyData,
  type Connections,
  type Explored,
  layerConformance,
  type LayerConformanceOptions,
} from "../src/testkit/conformance.ts";
import { CLOCK, SEARCH_PATH } from "./postgres-clock.ts";
import { RedisClock } from "./redis-clock.ts";
import { openPostgres, openRedis, type RedisDriver } from "./remote-stores.ts";
import { hasPostgres, hasRedis, startPostgres, startRedis, type TestServer } from "./servers.ts";
import { later } from "./wrapped-stores.ts";

vi.setConfig({ testTimeout: 60_000 });

let stores = 0;
const fakeClock = { advance: (seconds: number) => void vi.advanceTimersByTime(seconds * 1000) };

/** A machine whose clock is so many minutes ahead of the store's. */
function shiftClock(minutes: number): void {
  beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + minutes * 60_000 }));
  afterAll(() => void vi.useRealTimers());
}

/** Registers the kit's tests, and one more: that there were as many orders as there should be. */
function conformance<Opened extends Connections>(
  makeStore: (options: StoreOptions<AnyData>) => Opened | Promise<Opened>,
  options: Omit<LayerConformanceOptions<Opened>, "test" | "explored">,
  atLeast: number,
): void {
  let orders = 0;
  const explored = ({ schedules }: Explored): void => void (orders += schedules);
  layerConformance(makeStore, { ...options, test, explored });
  test("all of it in thousands of orders", ({ task }) => {
    console.log(`${task.suite?.name}: ${orders.toLocaleString("en-US")} orders of steps`);
    expect(orders).toBeGreaterThan(atLeast);
  });
}

describe("the session layer on SessionStore", () => {
  beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterAll(() => void vi.useRealTimers());

  describe("as it answers, at once", () => {
    conformance(
      (options) => {
        const store = new SessionStore<AnyData>(options);
        return { store, other: store };
      },
      { clock: fakeClock, faults: 1 },
      8_000,
    );
  });

  describe("paused at each of its calls", () => {
    conformance(
      (options) => {
        const store = later(new SessionStore<AnyData>(options));
        return { store, other: store };
      },
      { clock: fakeClock, faults: 3 },
      8_000,
    );
  });
});

describe("the session layer on SqliteSessionStore", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "layer-"));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  });
  afterAll(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });

  conformance(
    (options) => {
      const file = join(folder, `${(stores += 1)}.db`);
      return {
        store: new SqliteSessionStore<AnyData>(file, options),
        other: new SqliteSessionStore<AnyData>(file, options),
      };
    },
    {
      clock: fakeClock,
      close({ store, other }) {
        store.close();
        other.close();
      },
      faults: 0,
    },
    6_000,
  );
});

describe.skipIf(!hasRedis)("the session layer on RedisSessionStore", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  const overRedis = (
    driver: RedisDriver,
    options: { orders?: number; faults?: number; triples?: number },
    atLeast: number,
  ): void => {
    const clock = new RedisClock();
    const wrap = (client: RedisClient): RedisClient => clock.wrap(client);
    conformance(
      async (storeOptions) => {
        const prefix = `layer-${(stores += 1)}:`;
        clock.reset(prefix);
        const one = await openRedis(driver, [server.port], { ...storeOptions, prefix }, wrap);
        const two = await openRedis(driver, [server.port], { ...storeOptions, prefix }, wrap);
        return { store: one.store, other: two.store, one, two };
      },
      {
        clock: { advance: (seconds) => clock.advance([server.port], seconds * 1000) },
        async close({ one, two }) {
          await one.close();
          await two.close();
        },
        ...options,
      },
      atLeast,
    );
  };

  describe("node-redis", () => {
    overRedis("node-redis", { faults: 0, triples: 300 }, 3_000);
  });
  describe("ioredis, from a machine whose clock is ten minutes ahead (L9)", () => {
    shiftClock(10);
    overRedis("ioredis", { orders: 1, faults: 0, triples: 200 }, 800);
  });
});

describe.skipIf(!hasPostgres)(
  "the session layer on PostgresSessionStore, from a machine that is ten minutes late (L9)",
  () => {
    shiftClock(-10);
    let server: TestServer;
    let admin: Pool;
    beforeAll(async () => {
      server = await startPostgres();
      admin = new Pool({ host: "127.0.0.1", port: server.port, user: "postgres" });
      for (const statement of CLOCK) await admin.query(statement);
    }, 60_000);
    afterAll(async () => {
      await admin.end();
      await server.close();
    });

    conformance(
      async (options) => {
        const table = `public.layer_${(stores += 1)}`;
        await admin.query("UPDATE clock.ahead SET by = '0'");
        const one = await openPostgres(server.port, { ...options, table }, `-c ${SEARCH_PATH}`);
        const two = await openPostgres(server.port, { ...options, table }, `-c ${SEARCH_PATH}`);
        await one.store.migrate();
        return { store: one.store, other: two.store, one, two };
      },
      {
        clock: {
          async advance(seconds) {
            await admin.query("UPDATE clock.ahead SET by = by + $1::float8 * interval '1 second'", [seconds]);
          },
        },
        close: async ({ one, two }) => void (await Promise.all([one.close(), two.close()])),
        orders: 1,
        faults: 0,
        triples: 200,
      },
      800,
    );
  },
);
