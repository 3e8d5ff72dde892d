import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "torture",
    include: ["**/*.test.ts"],
    reporters: ["default", "../scripts/no-skips.mjs", "../scripts/no-leftovers.ts"],
    testTimeout: 120_000,
  },
});
