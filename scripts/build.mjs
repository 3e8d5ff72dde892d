/**
 * Builds the package in the current folder: one JavaScript file per published entry by esbuild (shared code in
 * chunks), and the declarations that these entries lead to by tsc. Entries come from `publishConfig.exports`, so they are named once.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { copiedLicences, packageOptions } from "./inline.mjs";
import { reachedFrom } from "./reached-from.mjs";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const targets = Object.values(manifest.publishConfig.exports);
const entries = targets.map((target) => target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts"));

rmSync("dist", { recursive: true, force: true });
const { metafile } = await build({
  ...packageOptions(manifest),
  entryPoints: entries,
  outdir: "dist",
  outbase: "src",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  metafile: true,
});
const licences = copiedLicences(metafile, process.cwd());
if (licences !== undefined) writeFileSync("dist/licences.txt", licences);
const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
execFileSync(process.execPath, [tsc, "-p", "tsconfig.json"], { stdio: "inherit" });

const declarations = targets.map((target) => target.types);
const needed = reachedFrom(".", declarations);
for (const file of globSync("dist/**/*.d.ts")) if (!needed.has(file)) rmSync(file);
