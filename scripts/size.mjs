/**
 * What each entry point weighs, minified and gzipped: with its own code alone, and with all that it depends on. Ends
 * with exit code 1 when one is over its budget; a budget is raised on purpose or not at all.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Report } from "./pack-check/report.mjs";

const packages = join(import.meta.dirname, "../packages");

/** In bytes: [its own code, with all that it depends on]. */
const BUDGETS = {
  "@hatcheck/core": [29_000, 60_000],
  "@hatcheck/scheduler": [7_500, 18_000],
  "@hatcheck/scheduler/redis": [400, 400],
  "@hatcheck/scheduler/postgres": [800, 800],
  "@hatcheck/session": [8_500, 26_000],
  "@hatcheck/session/redis": [9_500, 11_500],
  "@hatcheck/session/postgres": [8_000, 10_000],
  "@hatcheck/session/sqlite": [7_000, 9_000],
  "@hatcheck/session/own-store": [5_000, 7_000],
  "@hatcheck/session/testkit": [11_000, 13_000],
};

/** Adds the table of sizes to a report. */
export async function measureSizes(report) {
  const table = report.table("Sizes, minified and gzipped", "entry point");
  for (const { name, source } of entryPoints()) {
    const row = table.row(name);
    const [own, whole] = BUDGETS[name] ?? [0, 0];
    await row.try("own code", () => within(own, source, "external"));
    await row.try("with dependencies", () => within(whole, source, "bundle"));
    row.note("budgets", `${kilobytes(own)}, ${kilobytes(whole)}`);
  }
}

function entryPoints() {
  return readdirSync(packages)
    .filter((folder) => existsSync(join(packages, folder, "package.json")))
    .flatMap((folder) => {
      const { name, exports } = JSON.parse(readFileSync(join(packages, folder, "package.json"), "utf8"));
      return Object.entries(exports).map(([path, file]) => ({
        name: join(name, path),
        source: join(packages, folder, file),
      }));
    });
}

async function within(budget, source, dependencies) {
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    minify: true,
    packages: dependencies,
    format: "esm",
    platform: "node",
    target: "node22",
    legalComments: "none",
    write: false,
  });
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  if (bytes > budget) throw new Error(`${bytes} bytes, allowed are ${budget}`);
  return { cell: kilobytes(bytes) };
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

if (process.argv[1] === import.meta.filename) {
  const report = new Report();
  await measureSizes(report);
  report.print();
  process.exitCode = report.failures.length > 0 ? 1 : 0;
}
