/**
 * Which file imports which, types included: a circle of types is as hard to read as any other.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** Paths of files from the root, with `/`, to what they import: such paths, or names of packages. */
export type Graph = ReadonlyMap<string, readonly string[]>;

const FOLDERS = ["packages", "examples", "torture", "bench", "conformance", "scripts"];
const IGNORED = new Set(["node_modules", "dist", "results", ".vitepress"]);
const SOURCE = /\.(?:ts|mjs)$/;
/** `import … from "x"`, `export … from "x"` and `import "x"` at the beginning of a line, and `import("x")` anywhere. */
const IMPORTS =
  /^(?:import|export)\b[^"';]*?from\s*["'](?<from>[^"']+)["']|^import\s*["'](?<bare>[^"']+)["']|\bimport\(\s*["'](?<dynamic>[^"']+)["']\s*\)/gm;

/** Reads all source files below the folders of the root. */
export function readGraph(root: string): Graph {
  const files = FOLDERS.flatMap((folder) => sourcesIn(join(root, folder)));
  return new Map(files.map((file) => [unix(relative(root, file)), importsOf(root, file)]));
}

/** What the text of a file imports, as it is written there. */
export function specifiersOf(text: string): string[] {
  return Array.from(
    text.matchAll(IMPORTS),
    ({ groups }) => groups?.["from"] ?? groups?.["bare"] ?? groups?.["dynamic"] ?? "",
  );
}

function importsOf(root: string, file: string): string[] {
  const specifiers = new Set(specifiersOf(readFileSync(file, "utf8")));
  return [...specifiers].map((specifier) =>
    specifier.startsWith(".") ? unix(relative(root, join(dirname(file), specifier))) : specifier,
  );
}

function sourcesIn(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    if (IGNORED.has(entry.name) || entry.name.startsWith(".")) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return SOURCE.test(entry.name) ? [path] : [];
  });
}

function unix(path: string): string {
  return path.split(sep).join("/");
}
