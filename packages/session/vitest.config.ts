import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "session",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    setupFiles: ["../core/test/fast-lane.ts"],
    reporters: ["default", "../../scripts/no-skips.mjs", "../../scripts/no-leftovers.ts"],
  },
});
