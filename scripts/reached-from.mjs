/** Which files of a folder a module leads to, by its imports: modules to modules, declarations to declarations. */
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** @param entries Paths below the folder, where the search starts. */
export function reachedFrom(folder, entries) {
  const reached = new Set();
  const follow = (path) => {
    if (reached.has(path) || !existsSync(join(folder, path))) return;
    reached.add(path);
    const source = readFileSync(join(folder, path), "utf8");
    for (const [, from] of source.matchAll(/(?:from |import |import\()"(\.[^"]+)"/g)) {
      const target = posix.join(posix.dirname(path), from);
      follow(path.endsWith(".d.ts") ? target.replace(/\.[jt]s$/, ".d.ts") : target);
    }
  };
  for (const entry of entries) follow(posix.normalize(entry));
  return reached;
}
