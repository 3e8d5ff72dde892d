import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "conformance",
    include: ["**/*.test.ts"],
    reporters: ["default", "../scripts/no-skips.mjs"],
    testTimeout: 120_000,
  },
});
