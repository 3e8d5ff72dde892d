// Runs the commands against each store until enough calls were made.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SessionStore, type Store } from "@hatcheck/session";
import { SqliteSessionStore } from "@hatcheck/session/sqlite";
import type { AnyData } from "@hatcheck/session/testkit";
import * as fc from "fast-check";
import { openPostgres, openRedis } from "../../packages/session/test/remote-stores.ts";
import { startPostgres, startRedis } from "../../packages/session/test/servers.ts";
import { figure, type Finding, type Size } from "../report.ts";
import { Model } from "./model.ts";
import { commands, MAX_BYTES, mismatch, type Real } from "./store-commands.ts";

const CALLS = { short: 3_000, full: 100_000 };
const PER_RUN = 120;
const OPTIONS = { ttl: 3600, maxBytes: MAX_BYTES };

export interface Opened {
  readonly stores: readonly [Store<AnyData>, Store<AnyData>];
  close(): Promise<void>;
}

/** Stores over two connections each. */
export const engines: Readonly<Record<string, () => Promise<Opened>>> = {
  memory: async () => {
    const store = new SessionStore<AnyData>(OPTIONS);
    return { stores: [store, store], close: async () => undefined };
  },
  SQLite: async () => {
    const folder = mkdtempSync(join(tmpdir(), "torture-"));
    const stores = [1, 2].map(() => new SqliteSessionStore<AnyData>(join(folder, "sessions.db"), OPTIONS));
    return {
      stores: stores as unknown as Opened["stores"],
      close: async () => {
        for (const store of stores) store.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
  Redis: async () => {
    const server = await startRedis();
    const opened = await Promise.all([
      openRedis("node-redis", [server.port], OPTIONS),
      openRedis("ioredis", [server.port], OPTIONS),
    ]);
    return {
      stores: [opened[0].store, opened[1].store],
      close: async () => {
        for (const { close } of opened) await close();
        await server.close();
      },
    };
  },
  Postgres: async () => {
    const server = await startPostgres();
    const opened = await Promise.all([1, 2].map(() => openPostgres(server.port, OPTIONS)));
    await opened[0]?.store.migrate();
    return {
      stores: opened.map(({ store }) => store) as unknown as Opened["stores"],
      close: async () => {
        for (const { close } of opened) await close();
        await server.close();
      },
    };
  },
};

/** @param seed the same gives the same commands; how concurrent ones interleave is up to the machine */
export async function raceStore(engine: string, size: Size, seed: number): Promise<Finding> {
  const opened = await (engines[engine] as () => Promise<Opened>)();
  const counted = { calls: 0 };
  const problems: string[] = [];
  const started = performance.now();
  let run = 0;
  try {
    for (; counted.calls < CALLS[size] && problems.length === 0; run += 1) {
      try {
        await fc.assert(property(opened, counted), {
          seed: seed + run,
          numRuns: 20,
          endOnFailure: size === "full",
        });
      } catch (error) {
        problems.push(String(error).slice(0, 3000));
      }
    }
  } finally {
    await opened.close();
  }
  const seconds = figure((performance.now() - started) / 1000);
  return {
    area: "Races",
    tried: `${engine}: calls of the store, alone and two or three at once, over two connections`,
    count: counted.calls,
    unit: "calls",
    outcome: `every answer and every state is that of some order of the calls (${seconds} s)`,
    problems,
  };
}

function property(
  { stores }: Opened,
  counted: { calls: number },
): fc.IAsyncPropertyWithHooks<[Iterable<fc.AsyncCommand<Model, Real>>]> {
  return fc.asyncProperty(
    fc.commands([...commands], { maxCommands: PER_RUN, size: "max" }),
    async (chosen) => {
      const real: Real = { stores, held: new Map(), counted };
      const model = new Model();
      for (const user of ["ada", "bob"]) await stores[0].destroyByUser(user);
      await fc.asyncModelRun(() => ({ model, real }), chosen);
      const complaint = await mismatch(model, real);
      if (complaint !== undefined) throw new Error(complaint);
    },
  );
}
