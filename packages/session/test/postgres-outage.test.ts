// Postgres when things go wrong: killed writers, ended connections, restarts, a server that is stopped, a missing table.
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { SessionStoreUnavailableError } from "../src/model/errors.ts";
import { type PostgresOptions, PostgresSessionStore } from "../src/postgres/postgres-store.ts";
import type { AnyData } from "../src/testkit/conformance.ts";
import { answersOf } from "./answers.ts";
import { openPostgres } from "./remote-stores.ts";
import { hasPostgres, startPostgres, type TestServer, until } from "./servers.ts";
import { churnAndKill } from "./worker.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(!hasPostgres)("Postgres in trouble", () => {
  let server: TestServer;
  const closing: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startPostgres({ durable: true });
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  afterAll(() => server.close());

  async function open(options: Partial<PostgresOptions<AnyData>> & { table: string }) {
    const opened = await openPostgres(server.port, { ttl: 3600, ...options });
    closing.push(opened.close);
    return opened;
  }

  async function backendsOf(pool: Pool): Promise<number[]> {
    const { rows } = await pool.query(
      "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    );
    return rows.map(({ pid }: { pid: number }) => pid);
  }

  test("a writer killed in the middle leaves nothing half-written", async () => {
    const { store, pool } = await open({ table: "killed" });
    await store.migrate();
    for (const ms of [50, 400]) await churnAndKill("pg", [server.port], "killed", ms);
    // What the killed one has sent last may still be on its way.
    await until(async () => {
      const others = "pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'";
      return (await pool.query(`SELECT 1 FROM pg_stat_activity WHERE ${others}`)).rows.length === 0;
    });
    const { rows } = await pool.query(`SELECT count(*)::int AS sessions,
  count(*) FILTER (WHERE data -> 'a' IS DISTINCT FROM data -> 'b')::int AS half_written,
  count(*) FILTER (WHERE ends_at > now() + interval '3600 s' OR expires_at <= now())::int AS without_end,
  count(*) FILTER (WHERE (user_id IS NULL) <> (authenticated_at IS NULL))::int AS half_login FROM killed`);
    const { sessions, ...faults } = rows[0] as Record<string, number>;
    expect(faults).toEqual({ half_written: 0, without_end: 0, half_login: 0 });
    expect(sessions).toBeGreaterThan(10);
    let count = 0;
    for (const userId of ["42", "43", "44"]) count += await store.destroyByUser(userId);
    expect(count).toBe(sessions);
    expect(await store.len()).toBe(0);
  });

  test("ended connections are an outage, and no more", async () => {
    const { store } = await open({ table: "terminated" });
    await store.migrate();
    const other = await open({ table: "terminated" });
    const { id } = await store.create({ data: { name: "Ada" } });
    const { right } = await answersOf(store, id, async () => {
      for (let round = 0; round < 10; round += 1) {
        await sleep(30);
        for (const pid of await backendsOf(other.pool)) {
          await other.pool.query("SELECT pg_terminate_backend($1)", [pid]);
        }
      }
    });
    expect(right).toBeGreaterThan(5);
    expect((await store.load(id))?.get("name")).toBe("Ada");
  });

  test("a crash of the server is an outage, and no more", async () => {
    const { store } = await open({ table: "crashed", timeoutMs: 1000 });
    await store.migrate();
    const { id } = await store.create({ data: { name: "Ada" }, userId: "42" });
    const { right, unavailable } = await answersOf(store, id, async () => {
      await sleep(100);
      await server.kill();
      await sleep(300);
      await server.start();
      await until(async () => (await store.load(id)) !== undefined);
      await sleep(100);
    });
    expect(right).toBeGreaterThan(5);
    expect(unavailable).toBeGreaterThan(0);
    expect(await store.listByUser("42")).toHaveLength(1);
  });

  test("a stopped server is 503 within the time limit", async () => {
    const { store, pool } = await open({ table: "stopped", timeoutMs: 200 });
    await store.migrate();
    const { id } = await store.create({ data: { name: "Ada" } });
    const other = await open({ table: "stopped" });
    // All connections that the store may use, and none that it could open.
    await Promise.all([1, 2, 3, 4, 5].map(() => pool.query("SELECT pg_sleep(0.1)")));
    const pids = await backendsOf(other.pool);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      for (const call of [() => store.load(id), () => store.create(), () => store.len()]) {
        const start = performance.now();
        await expect(call()).rejects.toThrow(SessionStoreUnavailableError);
        expect(performance.now() - start).toBeLessThan(5000);
      }
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    await until(async () => (await store.load(id))?.get("name") === "Ada");
  });

  test("a missing table is an outage whose cause says what to do", async () => {
    const { store } = await open({ table: "missing" });
    const error = await store.load("any-id").catch((it: Error) => it);
    expect(error).toBeInstanceOf(SessionStoreUnavailableError);
    expect(String((error as Error).cause)).toMatch(/does not exist; call migrate\(\)/);
  });

  test("any number of processes may migrate at once, and again later", async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => open({ table: "public.Migrated" })));
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(opened.map(({ store }) => store.migrate()));
      const { rows } = await opened[0]!.pool.query(
        "SELECT indexname FROM pg_indexes WHERE tablename = 'Migrated'",
      );
      expect(rows).toHaveLength(4);
      if (round < 2) await opened[0]!.pool.query('DROP TABLE "Migrated"');
    }
    expect(await opened[0]!.store.isEmpty()).toBe(true);
  });

  test("two that purge share the work", async () => {
    const { store } = await open({ table: "purged", ttl: 0 });
    await store.migrate();
    const other = await open({ table: "purged" });
    for (let round = 0; round < 25; round += 1) {
      await Promise.all(Array.from({ length: 100 }, () => store.create()));
    }
    const counts = await Promise.all([store.purgeExpired(), other.store.purgeExpired({ sliceMs: 5 })]);
    expect(counts[0] + counts[1] + (await store.purgeExpired())).toBe(2500);
    expect(await store.len()).toBe(0);
  });

  test("under SERIALIZABLE, what the database turns down is tried again, however many rivals there are", async () => {
    const stores = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const settings = "-c default_transaction_isolation=serializable";
        const opened = await openPostgres(server.port, { ttl: 60, table: "serial" }, settings);
        closing.push(opened.close);
        return opened.store;
      }),
    );
    await stores[0]!.migrate();
    const { id } = await stores[0]!.create({ data: { a: 0 } });
    const saved = Array.from({ length: 60 }, async (_, index) => {
      const store = stores[index % stores.length]!;
      const session = await store.load(id);
      session!.set(`key${index}`, index);
      return store.save(session!);
    });
    expect(new Set(await Promise.all(saved))).toEqual(new Set([true]));
    expect((await stores[0]!.load(id))?.keys()).toHaveLength(61);
  });

  test("what cannot be a table's name, or a pool, is refused at once", async () => {
    const { pool } = await open({ table: "sessions" });
    for (const table of ["", "a.b.c", "a; DROP TABLE x", 'a"b', "1a", "a b", "x".repeat(41)]) {
      expect(() => new PostgresSessionStore(pool, { ttl: 60, table })).toThrow(TypeError);
    }
    expect(() => new PostgresSessionStore({} as never, 60)).toThrow(/query\(text, values\)/);
  });
});
