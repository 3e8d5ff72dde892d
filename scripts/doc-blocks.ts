/**
 * Keeps the documentation true: every `ts` block of a Markdown file becomes a test, which type-checks and runs it as a
 * module of its own. A block ends by itself; one that would not (a server, a made-up database) is marked
 * "ts no-run" and is type-checked alone. A block that is marked "ts ignore" is a fragment, to be used sparingly.
 *
 *     testDocs(import.meta.dirname, ["../README.md", "../../../docs/routing.md"]);
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

export interface DocBlock {
  /** Where the block starts, counted from 1. */
  readonly line: number;
  readonly code: string;
  readonly run: boolean;
}

/** The `ts` blocks of a Markdown text, in order. */
export function docBlocks(markdown: string): DocBlock[] {
  const fences = markdown.matchAll(/^```(?<info>.*)\n(?<code>[^]*?)^```$/gm);
  return [...fences].flatMap(({ index, groups }) => {
    const [language, mode] = (groups?.["info"] ?? "").split(" ");
    if (language !== "ts" || mode === "ignore") return [];
    const line = markdown.slice(0, index).split("\n").length + 1;
    return [{ line, code: groups?.["code"] ?? "", run: mode !== "no-run" }];
  });
}

/** Registers the tests. `folder` is the test folder of the package whose dependencies the blocks may import. */
export function testDocs(folder: string, files: readonly string[]): void {
  const out = join(dirname(folder), ".doc-blocks", basename(files[0] ?? ""));
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const blocks = files.flatMap((file) => {
    const path = resolve(folder, file);
    return docBlocks(readFileSync(path, "utf8")).map(({ line, code, run }) => {
      const module = join(out, `${basename(file, ".md")}-${line}.ts`);
      writeFileSync(module, `${code}\nexport {};\n`);
      return { name: `${basename(file)}:${line}`, module, run };
    });
  });
  const base = resolve(import.meta.dirname, "../tsconfig.base.json");
  const compilerOptions = { noEmit: true, isolatedDeclarations: false, declaration: false };
  const project = join(out, "tsconfig.json");
  writeFileSync(project, JSON.stringify({ extends: base, compilerOptions, include: ["*.ts"] }));

  describe("documentation", () => {
    // What the blocks put into the temporary folder goes with it.
    const temporary = mkdtempSync(join(tmpdir(), "docs-"));
    beforeAll(() => void vi.stubEnv("TMPDIR", temporary));
    afterAll(() => {
      vi.unstubAllEnvs();
      rmSync(temporary, { recursive: true, force: true });
    });
    test("every code block type-checks", { timeout: 60_000 }, async () => {
      expect(blocks.length).toBeGreaterThan(0);
      expect(await typeErrors(project)).toBe("");
    });
    for (const { name, module } of blocks.filter(({ run }) => run)) {
      test(`the code block at ${name} runs`, async () => {
        vi.spyOn(console, "assert").mockImplementation(mustHold);
        await expect(import(/* @vite-ignore */ pathToFileURL(module).href)).resolves.toBeDefined();
      });
    }
  });
}

/** In the documentation `console.assert` says what comes out; here it fails the test when that is not so. */
function mustHold(condition?: unknown): void {
  if (!condition) throw new Error("A console.assert of the documentation does not hold");
}

async function typeErrors(project: string): Promise<string> {
  const typescript = createRequire(import.meta.url).resolve("typescript/package.json");
  const tsc = join(dirname(typescript), "bin", "tsc");
  return promisify(execFile)(process.execPath, [tsc, "-p", project]).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? String(error),
  );
}
