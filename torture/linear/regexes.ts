// Holds every regular expression of the packages against a checker that knows automata, and tries attacks.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding, Size } from "../report.ts";

// Its own choice would be a program for each system; this is the same in JavaScript.
process.env["RECHECK_BACKEND"] = "pure";
const { check } = await import("recheck");

const ROOT = join(import.meta.dirname, "../..");
const CHECKED = join(import.meta.dirname, "checked.json");

/** A regular expression where it may stand: after what an expression can begin behind. */
const LITERAL =
  /(?<=(?:^|[=(,:?!&|;[{}>+]|return)\s*)\/(?![*/\s])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*/gm;
const COMMENT = /\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm;

/** Every regular expression of the packages' own code, and a file that it is in. */
export function findRegexes(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of globSync("packages/*/src/**/*.ts", { cwd: ROOT })) {
    if (file.endsWith(".test.ts") || file.includes("/testkit/")) continue;
    const code = readFileSync(join(ROOT, file), "utf8").replace(COMMENT, "");
    for (const [literal] of code.matchAll(LITERAL)) found.set(literal, file);
  }
  return found;
}

/** Those that were found good before; the list is written by the long form. */
export function checkedBefore(): string[] {
  return JSON.parse(readFileSync(CHECKED, "utf8")) as string[];
}

/** What is wrong with a regular expression; `undefined` when it takes linear time. */
export async function problemOf(literal: string, file: string): Promise<string | undefined> {
  const end = literal.lastIndexOf("/");
  const { status, ...rest } = await check(literal.slice(1, end), literal.slice(end + 1), { timeout: 60_000 });
  if (status === "safe") return undefined;
  const attack = "attack" in rest ? rest.attack?.pattern : "it could not be decided";
  return `${literal} in ${file}: ${status}, ${attack}`;
}

export async function regexes(size: Size): Promise<Finding> {
  const found = findRegexes();
  const known = size === "short" ? checkedBefore() : [];
  const problems: string[] = [];
  const good: string[] = [];
  for (const [literal, file] of found) {
    const problem = known.includes(literal) ? undefined : await problemOf(literal, file);
    if (problem === undefined) good.push(literal);
    else problems.push(problem);
  }
  if (size === "full") {
    const { writeFileSync } = await import("node:fs");
    writeFileSync(CHECKED, `${JSON.stringify(good.toSorted(), undefined, 2)}\n`);
  }
  return {
    area: "Linear time",
    tried: "every regular expression of the packages, by recheck: automata, and attacks that it makes up",
    count: found.size,
    unit: "expressions",
    outcome: "none that takes more than linear time",
    problems,
  };
}
