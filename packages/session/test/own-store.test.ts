// The store that the documentation writes passes the conformance kit.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { docBlocks } from "../../../scripts/doc-blocks.ts";
import type { Store, StoreOptions } from "../src/model/store.ts";
import { type AnyData, layerConformance, storeConformance } from "../src/testkit/conformance.ts";

interface Example {
  MapDatabase: new () => { rows: Map<string, unknown> };
  MapSessionStore: new (database: object, options: StoreOptions<AnyData>) => Store<AnyData>;
}

/** The block that exports the store, as a module of its own. */
async function importExample(): Promise<Example> {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/session-stores.md"), "utf8");
  const block = docBlocks(page).find(({ code }) => code.includes("export class MapSessionStore"));
  const folder = join(import.meta.dirname, "../.doc-blocks/own-store");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "map-store.ts");
  writeFileSync(file, block?.code ?? "");
  return (await import(pathToFileURL(file).href)) as Example;
}

describe("the store of the documentation", async () => {
  const { MapDatabase, MapSessionStore } = await importExample();
  beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterAll(() => void vi.useRealTimers());

  const open = (options: StoreOptions<AnyData>) => {
    const database = new MapDatabase();
    const store = () => new MapSessionStore(database, options);
    return { database, store: store(), other: store() };
  };
  const clock = { advance: (seconds: number) => void vi.advanceTimersByTime(seconds * 1000) };

  storeConformance(open, {
    test,
    clock,
    dump: ({ database }) =>
      JSON.stringify([...database.rows], (_, value: unknown) => (value instanceof Map ? [...value] : value)),
  });

  describe("under the session layer", () => {
    layerConformance(open, { test, clock, faults: 1, triples: 100 });
  });
});
