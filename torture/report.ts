// What was tried, how often, and what came of it: as data for the table in docs/reliability.md.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `short` is part of every test run; `full` is `pnpm torture`. */
export type Size = "short" | "full";

/** One row of the table. */
export interface Finding {
  readonly area: string;
  readonly tried: string;
  readonly count: number;
  /** What was counted. */
  readonly unit: string;
  readonly outcome: string;
  /** What must not have happened. */
  readonly problems: readonly string[];
}

/** Numbers as people read them. */
export function figure(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

const RESULT = join(import.meta.dirname, "result.json");
const PAGE = join(import.meta.dirname, "../docs/reliability.md");
const BEGIN = "<!-- table: written by pnpm torture -->";
const END = "<!-- /table -->";

const ORDER = [
  "Faults",
  "Fleet",
  "Races",
  "Protocol",
  "Fuzz",
  "Fast lane",
  "Raw sockets",
  "Flood",
  "Secrets",
];

interface Result {
  /** Of each area, when it was last run, on what, and what it found. */
  readonly [area: string]: {
    readonly at: string;
    readonly node: string;
    readonly seconds: number;
    readonly findings: readonly Finding[];
  };
}

/** Keeps what a full run of an area found, and writes the table of all areas. */
export function keep(area: string, seconds: number, findings: readonly Finding[]): void {
  const result: Result = { ...read(), [area]: { at: today(), node: process.version, seconds, findings } };
  writeFileSync(RESULT, `${JSON.stringify(result, undefined, 2)}\n`);
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = cut(page, BEGIN);
  const [, after] = cut(rest, END);
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${tableOf(result)}\n${END}${after}`);
}

function read(): Result {
  try {
    return JSON.parse(readFileSync(RESULT, "utf8")) as Result;
  } catch {
    return {};
  }
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at === -1) throw new Error(`docs/reliability.md has no line ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function tableOf(result: Result): string {
  const parts = ORDER.flatMap((area) => {
    const run = result[area];
    return run === undefined ? [] : [[area, run] as const];
  }).map(([area, { at, node, seconds, findings }]) => {
    const rows = findings.map(({ tried, count, unit, outcome, problems }) => {
      const verdict = problems.length === 0 ? outcome : `**${problems.length} problems.** ${problems[0]}`;
      return [tried, `${figure(count)} ${unit}`, verdict];
    });
    const lines = columns([["what was tried", "how often", "what came out"], ...rows]);
    return `### ${area}\n\nRun on ${at}, Node ${node}, in ${figure(seconds)} s.\n\n${lines}\n`;
  });
  return parts.join("\n");
}

/** A table of Markdown, as the formatter would write it. */
function columns(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")));
  const widths =
    escaped[0]?.map((_, index) => Math.max(...escaped.map((row) => row[index]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = escaped;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join(
    "\n",
  );
}
