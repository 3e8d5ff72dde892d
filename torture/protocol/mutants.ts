// Whether the conformance kit of the layer finds what was wrong once: a fix is taken out of a copy of the package, and the kit,
// a copy as well, is run on it.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { SessionStore } from "@hatcheck/session";
import type { AnyData, Clock, layerConformance } from "@hatcheck/session/testkit";
import { later } from "../../packages/session/test/wrapped-stores.ts";

/** Texts of a file, which must be there once, and what takes their place. */
export type Edit = readonly [file: string, text: string, instead: string];

const PACKAGE = join(import.meta.dirname, "../../packages/session");
/** Within the package, so that the copy finds what the package depends on. */
const FOLDER = join(PACKAGE, ".doc-blocks");

/**
 * What the kit says first of the package without a fix, on the memory store: as it answers, and paused at each call; `undefined`
 * when it finds nothing.
 */
export async function complaintAbout(edits: readonly Edit[], clock: Clock): Promise<string | undefined> {
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, "mutant-"));
  try {
    cpSync(join(PACKAGE, "src"), folder, { recursive: true });
    for (const edit of edits) apply(edit, folder);
    return await firstComplaint(folder, clock);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function apply([file, text, instead]: Edit, folder: string): void {
  const path = join(folder, file);
  const parts = readFileSync(path, "utf8").split(text);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, and not once: ${text}`);
  writeFileSync(path, parts.join(instead));
}

async function firstComplaint(folder: string, clock: Clock): Promise<string | undefined> {
  const load = async (file: string): Promise<object> =>
    (await import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href)) as object;
  const kit = (await load("testkit/conformance.ts")) as { layerConformance: typeof layerConformance };
  const stores = (await load("index.ts")) as { SessionStore: typeof SessionStore };
  const tests: (() => Promise<void>)[] = [];
  for (const isPaused of [true, false]) {
    kit.layerConformance(
      (options) => {
        const memory = new stores.SessionStore<AnyData>(options);
        const store = isPaused ? later(memory) : memory;
        return { store, other: store };
      },
      { test: (_name, run) => tests.push(run), clock, faults: 2, triples: 0 },
    );
  }
  for (const run of tests) {
    try {
      await run();
    } catch (error) {
      return (error as Error).message;
    }
  }
  return undefined;
}
