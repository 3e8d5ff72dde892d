// Runs the set-ups that the page about stores shows for Redis and Postgres, against servers that were started for it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PGlite } from "@electric-sql/pglite";
import type { Cluster } from "ioredis";
import type { Pool } from "pg";
import type { RedisClientType } from "redis";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { docBlocks } from "../../../scripts/doc-blocks.ts";
import { PostgresSessionStore } from "../src/postgres/postgres-store.ts";
import type { Store } from "../src/model/store.ts";
import { hasPostgres, hasRedis, startPostgres, startRedis, startRedisCluster } from "./servers.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const page = readFileSync(join(import.meta.dirname, "../../../docs/session-stores.md"), "utf8");
const folder = join(import.meta.dirname, "../.doc-blocks/remote");
const closing: (() => Promise<void>)[] = [];
beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(async () => {
  for (const close of closing) await close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Runs the block of the page that contains this text, and gives what it exports. */
async function run<Exports>(text: string, client: string): Promise<Exports> {
  const [block, ...others] = docBlocks(page).filter(({ code }) => code.includes(text));
  if (block === undefined || others.length > 0) throw new Error(`not one block contains ${text}`);
  const module = join(folder, `line-${block.line}.ts`);
  writeFileSync(module, `${block.code}\nexport { ${client} };\n`);
  return (await import(/* @vite-ignore */ pathToFileURL(module).href)) as Exports;
}

async function worksAsShown(store: Store): Promise<boolean> {
  const { id } = await store.create({ data: { theme: "dark" }, userId: "42" });
  const theme = (await store.load(id))?.get("theme");
  return theme === "dark" && (await store.destroyByUser("42")) === 1 && (await store.isEmpty());
}

test.skipIf(!hasRedis)("the set-up for Redis works", async () => {
  const server = await startRedis();
  closing.push(server.close);
  vi.stubEnv("REDIS_URL", `redis://127.0.0.1:${server.port}`);
  const { store, client } = await run<{ store: Store; client: RedisClientType }>("createClient", "client");
  closing.unshift(async () => client.destroy());
  expect(await worksAsShown(store)).toBe(true);
});

test.skipIf(!hasRedis)("the set-up for a Redis Cluster works", async () => {
  const cluster = await startRedisCluster();
  closing.push(cluster.close);
  vi.stubEnv("REDIS_NODES", cluster.ports.map((port) => `redis://127.0.0.1:${port}`).join());
  const { store, client } = await run<{ store: Store; client: Cluster }>("new Cluster", "client");
  closing.unshift(async () => client.disconnect());
  expect(await worksAsShown(store)).toBe(true);
});

test.skipIf(!hasPostgres)("the set-up for Postgres works", async () => {
  const server = await startPostgres();
  closing.push(server.close);
  vi.stubEnv("DATABASE_URL", `postgres://postgres@127.0.0.1:${server.port}/postgres`);
  const { store, pool } = await run<{ store: Store; pool: Pool }>("new Pool", "pool");
  closing.unshift(() => pool.end());
  expect(await worksAsShown(store)).toBe(true);
});

test("the set-up for PGlite works", async () => {
  vi.spyOn(console, "assert").mockImplementation((condition) => {
    if (!condition) throw new Error("A console.assert of the documentation does not hold");
  });
  const { database } = await run<{ database: PGlite }>("PGlite", "database");
  expect(database.closed).toBe(true);
});

test("the page shows the SQL that migrate() runs", () => {
  const { schemaSql } = new PostgresSessionStore({ query: () => Promise.reject(new Error("unused")) }, 3600);
  expect(page.replaceAll(/^ {2}/gm, "")).toContain(schemaSql);
});
