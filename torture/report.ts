// What was tried, how often, and what came of it: as data for the lists in docs/reliability.md.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `short` is part of every test run; `full` is `pnpm torture`. */
export type Size = "short" | "full";

/** One item of a list. */
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
const BEGIN = "<!-- written by pnpm torture -->";
const END = "<!-- /written -->";

const ORDER = [
  "Faults",
  "Fleet",
  "Races",
  "Protocol",
  "Fuzz",
  "Linear time",
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

/** Keeps what a full run of an area found, and writes the lists of all areas. */
export function keep(area: string, seconds: number, findings: readonly Finding[]): void {
  write({ ...read(), [area]: { at: today(), node: process.version, seconds, findings } });
}

/** Keeps what a full run of a part of an area found beside what is known of the rest. */
export function keepPart(area: string, findings: readonly Finding[]): void {
  const kept = read();
  const known = kept[area];
  if (known === undefined) return;
  const others = known.findings.filter(({ tried }) => !findings.some((finding) => finding.tried === tried));
  const [first = ""] = known.at.split(", ");
  const at = `${first}, in part on ${today()}`;
  write({ ...kept, [area]: { ...known, at, findings: [...others, ...findings] } });
}

function write(result: Result): void {
  writeFileSync(RESULT, `${JSON.stringify(result, undefined, 2)}\n`);
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = cut(page, BEGIN);
  const [, after] = cut(rest, END);
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${listsOf(result)}\n${END}${after}`);
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

function listsOf(result: Result): string {
  const parts = ORDER.flatMap((area) => {
    const run = result[area];
    return run === undefined ? [] : [[area, run] as const];
  }).map(([area, { at, node, seconds, findings }]) => {
    const items = findings.map(({ tried, count, unit, outcome, problems }) => {
      const verdict = problems.length === 0 ? outcome : `**${problems.length} problems.** ${problems[0]}`;
      return wrapped(`- **${escape(tried)}**: ${figure(count)} ${unit}. ${escape(verdict)}.`);
    });
    return `### ${area}\n\nRun on ${at}, Node ${node}, in ${figure(seconds)} s.\n\n${items.join("\n")}\n`;
  });
  return parts.join("\n");
}

const WIDTH = 118;

/** A list item, in lines that fit a screen. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + 1 + word.length > WIDTH && line.trim() !== "") lines.push(`  ${word}`);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}

function escape(text: string): string {
  return text.replaceAll("\n", " ").replaceAll(/[<*]/g, (character) => `\\${character}`);
}
