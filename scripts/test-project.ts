/**
 * What the tests of all packages have in common.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { ViteUserConfig } from "vitest/config";
import type { InlineConfig } from "vitest/node";

const reporters = ["default", reporter("no-skips.mjs"), reporter("no-leftovers.ts")];
/** More than there are cores on a small machine: many files mostly wait, for servers, browsers and clocks. */
const maxWorkers = Math.max(3, availableParallelism());

/** For what hangs, in milliseconds: what a busy machine takes long for is no failure. */
const PATIENCE = 60_000;

export function testProject(test: InlineConfig): ViteUserConfig {
  return {
    test: {
      include: ["**/*.test.ts"],
      reporters,
      maxWorkers,
      // A process for each file costs more than most files do.
      isolate: false,
      testTimeout: PATIENCE,
      hookTimeout: PATIENCE,
      ...test,
    },
  };
}

function reporter(file: string): string {
  return join(import.meta.dirname, file);
}
