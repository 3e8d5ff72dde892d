// Opens the place where users and sessions are kept. All four answer in the same way, so the site never asks which it is.
import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Mode, SessionStore, type Store } from "@hatcheck/session";
import { PostgresSessionStore } from "@hatcheck/session/postgres";
import { RedisSessionStore } from "@hatcheck/session/redis";
import { SqliteSessionStore } from "@hatcheck/session/sqlite";
import { limiterInMemory, limiterInPostgres, limiterInRedis, type LimiterOf } from "./limiters.ts";
import type { SessionData } from "./site.ts";
import type { UserStore } from "./users.ts";
import { PostgresUserStore } from "./users-postgres.ts";
import { RedisUserStore } from "./users-redis.ts";
import { SqliteUserStore } from "./users-sqlite.ts";

export interface Storage {
  /** Where that is, for people. */
  readonly name: string;
  readonly users: UserStore;
  readonly sessions: Store<SessionData, Mode>;
  readonly limiter: LimiterOf;
  /** Whether it answers. */
  ready(): boolean | Promise<boolean>;
  close(): void | Promise<void>;
}

/** Seconds: a month in all, a week without a visit. */
const LIFETIME = { ttl: 30 * 24 * 3600, idle: 7 * 24 * 3600 };
const CONNECT_MS = 5000;

/** @param store As `--store` takes it. @throws Error with one line that says what is wrong. */
export async function openStorage(store: string): Promise<Storage> {
  if (store === "memory") return openMemory();
  if (store.startsWith("sqlite:")) return openSqlite(resolve(store.slice("sqlite:".length)));
  // The address without the password that may stand in it.
  const { protocol, host, pathname } = parseUrl(store);
  const name = `${protocol}//${host}${pathname}`;
  try {
    return protocol.startsWith("redis") ? await openRedis(store, name) : await openPostgres(store, name);
  } catch (error) {
    throw new Error(`${name} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

function openMemory(): Storage {
  const users = new SqliteUserStore(":memory:");
  const sessions = new SessionStore<SessionData>(LIFETIME);
  return {
    name: "memory, and end with this process",
    users,
    sessions,
    limiter: limiterInMemory,
    ready: () => true,
    close: () => users.close(),
  };
}

/** Two files: sessions, which are written all the time, have one of their own. */
function openSqlite(path: string): Storage {
  try {
    // Nobody else on this machine has business in there.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const users = new SqliteUserStore(path);
    const sessions = new SqliteSessionStore<SessionData>(`${path}-sessions`, LIFETIME);
    const close = () => {
      sessions.close();
      users.close();
    };
    return { name: path, users, sessions, limiter: limiterInMemory, ready: () => users.isThere(), close };
  } catch (error) {
    throw new Error(`The file ${path} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

async function openRedis(url: string, name: string): Promise<Storage> {
  const { createClient } = await driver("redis", () => import("redis"));
  let isOpen = false;
  const client = createClient({
    url,
    // While Redis is away, a page says so at once, and does not wait in a queue.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (retries, cause) => (isOpen ? Math.min(retries * 100, 2000) : cause),
    },
  });
  client.on("error", (error) => isOpen && console.error(`${name}: ${messageOf(error)}`));
  await client.connect();
  isOpen = true;
  return {
    name,
    users: new RedisUserStore(client),
    sessions: new RedisSessionStore<SessionData>(client, LIFETIME),
    limiter: limiterInRedis(client),
    ready: async () => (await client.ping()) === "PONG",
    close: async () => client.close(),
  };
}

async function openPostgres(url: string, name: string): Promise<Storage> {
  const { Pool } = await driver("pg", async () => (await import("pg")).default);
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  // A connection that breaks while it is idle is replaced by the pool; nobody waits for it.
  pool.on("error", (error) => console.error(`${name}: ${messageOf(error)}`));
  const users = new PostgresUserStore(pool);
  const sessions = new PostgresSessionStore<SessionData>(pool, LIFETIME);
  await users.migrate();
  await sessions.migrate();
  const limiter = await limiterInPostgres(pool);
  const ready = async () => (await pool.query("SELECT 1")).rowCount === 1;
  return { name, users, sessions, limiter, ready, close: () => pool.end() };
}

/** Drivers are loaded where they are used, and installed only by who uses them. */
async function driver<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    throw new Error(`it needs the package "${name}"; run: npm install ${name}`, { cause: error });
  }
}

function parseUrl(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new Error(`The store's address "${url.split("://")[0]}://…" is no URL.`);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A host with several addresses fails with all their errors, and a message that is empty.
  return error.message || ("code" in error ? String(error.code) : error.name);
}
