// Each of the four stores, opened twice, as two processes have them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mode } from "../src/index.ts";
import { SessionStore, type Store } from "../src/index.ts";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";
import { openPostgres, openRedis } from "./remote-stores.ts";
import { hasPostgres, hasRedis, startPostgres, startRedis } from "./servers.ts";

export interface StorePair {
  readonly stores: readonly [Store<Record<string, string>, Mode>, Store<Record<string, string>, Mode>];
  close(): Promise<void>;
}

export interface StoreKind {
  readonly name: string;
  readonly isHere: boolean;
  open(): Promise<StorePair>;
}

const TTL = 3600;

export const STORE_KINDS: readonly StoreKind[] = [
  {
    name: "memory",
    isHere: true,
    open: async () => {
      const store = new SessionStore(TTL);
      return { stores: [store, store], close: async () => undefined };
    },
  },
  {
    name: "SQLite",
    isHere: true,
    open: async () => {
      const folder = mkdtempSync(join(tmpdir(), "session-pair-"));
      const stores = [1, 2].map(() => new SqliteSessionStore(join(folder, "sessions.db"), TTL));
      const [one, other] = stores as [SqliteSessionStore, SqliteSessionStore];
      const close = async (): Promise<void> => {
        for (const store of stores) store.close();
        rmSync(folder, { recursive: true });
      };
      return { stores: [one, other], close };
    },
  },
  {
    name: "Redis",
    isHere: hasRedis,
    open: async () => {
      const server = await startRedis();
      const opened = await Promise.all(
        (["node-redis", "ioredis"] as const).map((driver) => openRedis(driver, [server.port], { ttl: TTL })),
      );
      return pairOf(opened, server);
    },
  },
  {
    name: "Postgres",
    isHere: hasPostgres,
    open: async () => {
      const server = await startPostgres();
      const opened = await Promise.all([1, 2].map(() => openPostgres(server.port, { ttl: TTL })));
      await opened[0]?.store.migrate();
      return pairOf(opened, server);
    },
  },
];

function pairOf(
  opened: readonly { readonly store: unknown; close(): Promise<void> }[],
  server: { close(): Promise<void> },
): StorePair {
  const [one, other] = opened.map(({ store }) => store as Store);
  if (one === undefined || other === undefined) throw new Error("a pair has two stores");
  const close = async (): Promise<void> => {
    for (const each of opened) await each.close();
    await server.close();
  };
  return { stores: [one, other], close };
}
