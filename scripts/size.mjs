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
  "@hatcheck/core": [47_500, 75_500],
  "@hatcheck/scheduler": [14_000, 18_000],
  "@hatcheck/scheduler/redis": [2_500, 2_500],
  "@hatcheck/scheduler/postgres": [3_000, 3_000],
  "@hatcheck/session": [23_000, 46_000],
  "@hatcheck/session/redis": [15_500, 18_000],
  "@hatcheck/session/postgres": [13_500, 16_000],
  "@hatcheck/session/sqlite": [11_500, 14_000],
  "@hatcheck/session/own-store": [8_500, 11_500],
  "@hatcheck/session/testkit": [40_500, 100_500],
  "@hatcheck/core/options": [2_000, 2_000],
  "@hatcheck/session/password": [2_500, 5_500],
  "@hatcheck/session/throttle": [500, 4_500],
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
