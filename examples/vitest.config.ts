import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "examples",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: ["./test/build.ts"],
    testTimeout: 20_000,
    reporters: ["default", "../scripts/no-skips.mjs", "../scripts/no-leftovers.ts"],
  },
});
