// Writes what was found: a page for people, and JSON for programs.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contestant } from "./contestants.ts";
import type { Promised } from "./promise.ts";
import type { Cell } from "./try.ts";

export interface Entrant {
  readonly contestant: Contestant;
  readonly version: string;
}

const SIGNS: Readonly<Record<Cell["result"], string>> = {
  kept: "✓",
  broken: "✗",
  "by design": "by design",
  "not offered": "–",
  unclear: "?",
};
const LONGEST_LOG = 60;

/** The table, a promise a row. */
export function tableOf(
  entrants: readonly Entrant[],
  promises: readonly Promised[],
  cells: readonly Cell[],
): string {
  const names = entrants.map((_, index) => String.fromCodePoint(65 + index));
  const head = `| promise | ${names.join(" | ")} |\n| --- | ${names.map(() => "---").join(" | ")} |`;
  const rows = promises.map(({ id, title }) => {
    const signs = entrants.map(({ contestant }) => {
      const cell = cells.find((each) => each.contestant === contestant.id && each.promise === id);
      return cell === undefined ? "" : SIGNS[cell.result];
    });
    return `| ${title} | ${signs.join(" | ")} |`;
  });
  return [head, ...rows].join("\n");
}

export function writePage(
  entrants: readonly Entrant[],
  promises: readonly Promised[],
  cells: readonly Cell[],
  missing: readonly string[],
): void {
  const failures = cells.filter(({ result }) => result !== "kept" && result !== "not offered");
  const page = [
    "# Sessions, side by side",
    "",
    "What browsers and attackers see of session libraries, tried over HTTP. Each contestant is one short server in the settings that",
    "its own documentation recommends: [conformance/contestants](../conformance/contestants). `pnpm conformance` wrote this page;",
    `the last time on ${new Date().toISOString().slice(0, 10)}, with Node ${process.versions.node}.`,
    "",
    "✓ kept · ✗ broken, twice in a row · by design: its documentation says so · – it has no such thing · ? broken once, and once not",
    "",
    tableOf(entrants, promises, cells),
    "",
    ...entrants.map(
      ({ contestant, version }, index) =>
        `- **${String.fromCodePoint(65 + index)}** ${contestant.name} (${version})`,
    ),
    "",
    ...(missing.length === 0 ? [] : [`Not tried here: ${missing.join("; ")}.`, ""]),
    "A cookie store keeps nothing on the server: what the browser holds is good until it runs out, also a copy that was made before the",
    "logout, and the last answer's cookie wins. That is the price of having no store.",
    "",
    "## What was seen",
    "",
    "Each line can be repeated; the command prints every request and answer.",
    "",
    "| contestant | promise | what was seen | again |",
    "| --- | --- | --- | --- |",
    ...failures.map(
      ({ contestant, promise, why = "", says, at }) =>
        `| ${contestant} | ${promise} | ${why}${says === undefined ? "" : ` ([“${says}”](${at}))`} | \`pnpm conformance ${contestant} ${promise}\` |`,
    ),
    "",
  ].join("\n");
  writeFileSync(join(import.meta.dirname, "../docs/comparison.md"), page);
  const versions = Object.fromEntries(entrants.map(({ contestant, version }) => [contestant.id, version]));
  const shortened = cells.map(({ log, ...cell }) => ({
    ...cell,
    ...(log !== undefined && { log: log.map((run) => run.slice(-LONGEST_LOG)) }),
  }));
  writeFileSync(
    join(import.meta.dirname, "result.json"),
    `${JSON.stringify({ node: process.versions.node, versions, cells: shortened }, undefined, 2)}\n`,
  );
}
