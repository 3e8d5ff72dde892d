// `pnpm conformance`: all promises on everybody, or those that are named.
//
//     pnpm conformance [contestant …] [promise …] [--million]
//
// A whole run writes docs/comparison.md and result.json; a part of one prints its requests and answers.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { closeConnections } from "./browser.ts";
import { CONTESTANTS } from "./contestants.ts";
import { PROMISES } from "./promises.ts";
import { type Entrant, tableOf, writePage } from "./report.ts";
import { versionOf } from "./start.ts";
import { type Cell, tryPromise, VISITS } from "./try.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { million: { type: "boolean", default: false }, short: { type: "boolean", default: false } },
});
const unknown = positionals.filter((word) => ![...CONTESTANTS, ...PROMISES].some(({ id }) => id === word));
if (unknown.length > 0) {
  const ids = (of: readonly { id: string }[]): string => of.map(({ id }) => id).join(", ");
  console.error(
    `There is no ${unknown.join(", ")}. Contestants: ${ids(CONTESTANTS)}. Promises: ${ids(PROMISES)}.`,
  );
  process.exit(1);
}
const named = <Each extends { readonly id: string }>(all: readonly Each[]): readonly Each[] => {
  const some = all.filter(({ id }) => positionals.includes(id));
  return some.length === 0 ? all : some;
};
const visits = values.million ? VISITS.million : values.short ? VISITS.short : VISITS.full;

// They are installed when they are wanted, and not with Hatcheck.
const contestantsFolder = join(import.meta.dirname, "contestants");
if (!existsSync(join(contestantsFolder, "node_modules"))) {
  execFileSync("pnpm", ["install", "--frozen-lockfile"], { cwd: contestantsFolder, stdio: "inherit" });
}

const entrants: Entrant[] = [];
const missing: string[] = [];
for (const contestant of named(CONTESTANTS)) {
  const version = versionOf(contestant);
  if (version === undefined) missing.push(`${contestant.name}, which is not on this machine`);
  else entrants.push({ contestant, version });
}
const promises = named(PROMISES);
const isWhole =
  entrants.length + missing.length === CONTESTANTS.length && promises.length === PROMISES.length;

const cells: Cell[] = [];
for (const { contestant } of entrants) {
  for (const promised of promises) {
    const cell = await tryPromise(contestant, promised, visits);
    cells.push(cell);
    console.log(
      `${contestant.id} ${promised.id}: ${cell.result}${cell.why === undefined ? "" : ` (${cell.why})`}`,
    );
    if (!isWhole) for (const run of cell.log ?? []) console.log(["", ...run].join("\n  "));
  }
}
closeConnections();
console.log(`\n${tableOf(entrants, promises, cells)}`);
if (isWhole) writePage(entrants, promises, cells, missing);
// What is broken in Hatcheck is a defect of Hatcheck.
if (cells.some(({ contestant, result }) => contestant.startsWith("hatcheck") && result !== "kept")) {
  process.exitCode = 1;
}
