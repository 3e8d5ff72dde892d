import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("10,000 different expressions, and 100,000 parsed in one loop, fit into a heap of 100 MB", () => {
  const file = fileURLToPath(new URL("children/many-expressions.ts", import.meta.url));
  const flags = ["--max-old-space-size=100", "--experimental-strip-types", "--no-warnings"];
  const { status, stdout } = spawnSync(process.execPath, [...flags, file], { encoding: "utf8" });
  expect(stdout).toBe("next 10000\n");
  expect(status).toBe(0);
}, 60_000);
