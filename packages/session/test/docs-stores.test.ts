// Runs the examples of the page about stores, in a folder where they may leave files.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { testDocs } from "../../../scripts/doc-blocks.ts";

const home = process.cwd();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "docs-"));
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

testDocs(import.meta.dirname, ["../../../docs/testing.md", "../../../docs/session-stores.md"]);
