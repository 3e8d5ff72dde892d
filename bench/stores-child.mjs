/**
 * One store at one size, in a process of its own: node --expose-gc stores-child.mjs KIND COUNT. Prints JSON.
 * Times are operations a second; those of Redis and Postgres with 64 calls in flight.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

const [kind = "memory", countText = "10000"] = process.argv.slice(2);
const count = Number(countText);
const TTL = 3600;
/** Sessions that single operations are measured on. */
const sample = Math.min(count, 100_000);

const opened = await open();
const { store, isLocal } = opened;
const result = { kind, count };

const before = heap();
const ids = Array.from({ length: count });
result.create = await rateOf(count, async (index) => {
  const { id } = await store.create({ data: { name: `visitor ${index}` } });
  ids[index] = id;
});
// The ids that this program keeps are strings that a store in memory has as well.
if (kind === "memory") result.bytesPerSession = Math.round((heap() - before - 8 * count) / count);

const chosen = Array.from({ length: sample }, (_, index) => ids[Math.floor((index * count) / sample)]);
const sessions = [];
result.load = await rateOf(sample, async (index) => {
  sessions[index] = await store.load(chosen[index]);
});
result.save = await rateOf(sample, async (index) => {
  sessions[index].set("theme", "dark");
  if (!(await store.save(sessions[index]))) throw new Error("A save was refused");
});
result.regenerate = await rateOf(sample, async (index) => {
  if (!(await store.regenerate(sessions[index]))) throw new Error("A regeneration was refused");
});
const half = sample / 2;
result.destroy = await rateOf(half, async (index) => {
  if (!(await store.destroy(sessions[index].id))) throw new Error("There was nothing to destroy");
});

if (isLocal) Object.assign(result, await purgeUnderLoad());
else if (opened.age !== undefined) Object.assign(result, await purgeAged());
await opened.end();
console.log(JSON.stringify(result));

/** Moves the clock past the end of all sessions, and removes them while others are created, read and changed. */
async function purgeUnderLoad() {
  const realNow = Date.now;
  Date.now = () => realNow() + (TTL + 1) * 1000;
  const fresh = [];
  for (let index = 0; index < 1000; index += 1) fresh.push(store.create({ data: { name: "fresh" } }).id);
  globalThis.gc();
  await nextTurn();

  const purging = new AbortController();
  let longestPauseMs = 0;
  let longestPauseCpuMs = 0;
  let requests = 0;
  const load = (async () => {
    let last = performance.now();
    let lastCpu = cpuMs();
    while (!purging.signal.aborted) {
      for (let each = 0; each < 10; each += 1) {
        const session = store.load(fresh[requests % fresh.length]);
        if (requests % 5 === 0) {
          session.set("seen", String(requests));
          store.save(session);
        }
        if (requests % 50 === 0) store.create({ data: { name: "new" } });
        requests += 1;
      }
      await nextTurn();
      const now = performance.now();
      const nowCpu = cpuMs();
      longestPauseMs = Math.max(longestPauseMs, now - last);
      longestPauseCpuMs = Math.max(longestPauseCpuMs, nowCpu - lastCpu);
      last = now;
      lastCpu = nowCpu;
    }
  })();
  const purgeStartedAt = performance.now();
  const purged = await store.purgeExpired({ sliceMs: 5 });
  const seconds = (performance.now() - purgeStartedAt) / 1000;
  purging.abort();
  await load;
  if (purged < count - half) throw new Error(`Only ${purged} were purged`);
  return {
    purged,
    purge: purged / seconds,
    longestPauseMs,
    longestPauseCpuMs,
    requestsDuringPurge: requests,
  };
}

async function purgeAged() {
  await opened.age();
  const purgeStartedAt = performance.now();
  const purged = await store.purgeExpired();
  return { purged, purge: (purged / (performance.now() - purgeStartedAt)) * 1000 };
}

async function rateOf(times, operation) {
  const from = performance.now();
  if (isLocal) {
    for (let index = 0; index < times; index += 1) await operation(index);
  } else {
    let next = 0;
    const worker = async () => {
      while (next < times) {
        const index = next;
        next += 1;
        await operation(index);
      }
    };
    await Promise.all(Array.from({ length: 64 }, worker));
  }
  return (times / (performance.now() - from)) * 1000;
}

/** What this thread itself has worked: on a busy machine, the rest of a pause is others' work. */
function cpuMs() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function heap() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

async function open() {
  if (kind === "memory") {
    const { SessionStore } = await import("@hatcheck/session");
    return { store: new SessionStore({ ttl: TTL, maxSessions: 2 * count }), isLocal: true, end: () => {} };
  }
  if (kind === "sqlite") {
    const { SqliteSessionStore } = await import("@hatcheck/session/sqlite");
    const folder = mkdtempSync(join(tmpdir(), "hatcheck-stores-"));
    const sqlite = new SqliteSessionStore(join(folder, "sessions.db"), TTL);
    return { store: sqlite, isLocal: true, end: () => rmSync(folder, { recursive: true }) };
  }
  const name = `hatcheck_bench_${process.pid}`;
  if (kind === "redis") {
    const { createClient } = await import("redis");
    const { RedisSessionStore } = await import("@hatcheck/session/redis");
    const client = await createClient({ url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379" }).connect();
    const end = async () => {
      for await (const keys of client.scanIterator({ MATCH: `${name}:*`, COUNT: 1000 })) {
        if (keys.length > 0) await client.unlink(keys);
      }
      await client.close();
    };
    return { store: new RedisSessionStore(client, { ttl: TTL, prefix: `${name}:` }), isLocal: false, end };
  }
  const { Pool } = await import("pg").then((module) => module.default);
  const { PostgresSessionStore } = await import("@hatcheck/session/postgres");
  const connectionString = process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";
  const pool = new Pool({ connectionString, max: 16 });
  const postgres = new PostgresSessionStore(pool, { ttl: TTL, table: name });
  await postgres.migrate();
  const end = async () => {
    await pool.query(`DROP TABLE IF EXISTS ${name} CASCADE`);
    await pool.end();
  };
  const age = () => pool.query(`UPDATE ${name} SET ends_at = now() - interval '1 second'`);
  return { store: postgres, isLocal: false, age, end };
}
