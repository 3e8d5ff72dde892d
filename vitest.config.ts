import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: ["packages/*", "examples", "scripts", "torture"],
    reporters: ["default", "./scripts/no-skips.mjs", "./scripts/no-leftovers.ts"],
    // Many files mostly wait, for servers, browsers and clocks.
    maxWorkers: Math.max(3, availableParallelism()),
  },
});
