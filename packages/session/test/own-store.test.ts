// The store that the documentation writes passes the conformance kit.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { docBlocks } from "../../../scripts/doc-blocks.ts";
import type { Store, StoreOptions } from "../src/model/store.ts";
import { type AnyData, storeConformance } from "../src/testkit/conformance.ts";

interface Example {
  MapSessionStore: new (rows: Map<string, unknown>, options: StoreOptions<AnyData>) => Store<AnyData>;
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
  const { MapSessionStore } = await importExample();
  beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterAll(() => void vi.useRealTimers());

  storeConformance(
    (options) => {
      const rows = new Map<string, unknown>();
      return { rows, store: new MapSessionStore(rows, options), other: new MapSessionStore(rows, options) };
    },
    {
      test,
      clock: { advance: (seconds) => void vi.advanceTimersByTime(seconds * 1000) },
      dump: ({ rows }) =>
        JSON.stringify([...rows], (_, value: unknown) => (value instanceof Map ? [...value] : value)),
    },
  );
});
