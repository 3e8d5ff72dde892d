/**
 * How many sessions each store creates, loads, saves and destroys in a second, in one run on this machine:
 *
 *     node scripts/session-rates.ts [memory] [sqlite] [redis] [postgres]
 *
 * A process uses a database behind a network with 32 requests at a time, as a server does. The session has three short
 * values, and a save changes one. Redis and Postgres are those at the usual local ports.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SessionStore } from "../packages/session/src/memory/memory-store.ts";
import { SqliteSessionStore } from "../packages/session/src/sqlite/sqlite-store.ts";
import type { Session } from "../packages/session/src/model/session.ts";
import type { Store } from "../packages/session/src/model/store.ts";
import type { AnyData } from "../packages/session/src/testkit/conformance.ts";
import { openPostgres, openRedis } from "../packages/session/test/remote-stores.ts";

interface Opened {
  readonly store: Store<AnyData>;
  close(): void | Promise<void>;
}

const OPTIONS = { ttl: 3600, idle: 600 };
const AT_A_TIME = 32;
const DATA = { userName: "ada", theme: "dark", visits: 12 };

const STORES: Record<string, { count: number; open(): Opened | Promise<Opened> }> = {
  memory: { count: 200_000, open: () => ({ store: new SessionStore<AnyData>(OPTIONS), close() {} }) },
  sqlite: {
    count: 50_000,
    open() {
      const folder = mkdtempSync(join(tmpdir(), "session-rates-"));
      const store = new SqliteSessionStore<AnyData>(join(folder, "sessions.db"), OPTIONS);
      return {
        store,
        close() {
          store.close();
          rmSync(folder, { recursive: true });
        },
      };
    },
  },
  redis: {
    count: 20_000,
    open: () => openRedis("node-redis", [6379], { ...OPTIONS, prefix: `rates-${process.pid}:` }),
  },
  postgres: {
    count: 20_000,
    async open() {
      const table = `rates_${process.pid}`;
      const { store, pool, close } = await openPostgres(5432, { ...OPTIONS, table });
      await store.migrate();
      return {
        store,
        async close() {
          await pool.query(`DROP TABLE ${table}`);
          await close();
        },
      };
    },
  },
};

for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(STORES)) {
  const { count, open } = STORES[name] ?? fail(`no store is called ${name}`);
  const { store, close } = await open();
  try {
    const rates = await ratesOf(store, count);
    const figures = Object.entries(rates).map(([what, figure]) => `${what} ${figure.toLocaleString("en")}/s`);
    console.log(`${name.padEnd(9)} ${figures.join("  ")}`);
  } finally {
    await close();
  }
}

async function ratesOf(store: Store<AnyData>, count: number): Promise<Record<string, number>> {
  const ids: string[] = [];
  const create = await rate(store, count, (n) => {
    const session = store.create({ data: DATA, userId: n % 4 === 0 ? `${n}` : undefined } as object);
    return session instanceof Promise ? session.then(({ id }) => ids.push(id)) : ids.push(session.id);
  });
  const sessions: (Session<AnyData> | undefined)[] = [];
  const keep = (n: number, session: Session<AnyData> | undefined): void => void (sessions[n] = session);
  const load = await rate(store, count, (n) => {
    const session = store.load(ids[n] as string);
    return session instanceof Promise ? session.then((loaded) => keep(n, loaded)) : keep(n, session);
  });
  for (const session of sessions) session?.set("visits", 13);
  const save = await rate(store, count, (n) => store.save(sessions[n] ?? fail("a session is lost")));
  const destroy = await rate(store, count, (n) => store.destroy(ids[n] as string));
  if ((await store.len()) !== 0) fail("a session is left");
  return { create, load, save, destroy };
}

/** Calls in a second, to the hundred. */
async function rate(store: Store<AnyData>, count: number, call: (n: number) => unknown): Promise<number> {
  const start = performance.now();
  if (store.mode === "sync") {
    for (let n = 0; n < count; n += 1) call(n);
  } else {
    let next = 0;
    const client = async (): Promise<void> => {
      while (next < count) await call(next++);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, client));
  }
  return Math.round(count / ((performance.now() - start) / 1000) / 100) * 100;
}

function fail(message: string): never {
  throw new Error(message);
}
