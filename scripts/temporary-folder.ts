/**
 * A temporary folder for one run of tests, torture or benchmarks, so that what the run leaves behind is seen and removed.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Compilers and browsers of others keep their caches there. */
const NOT_OURS: ReadonlySet<string> = new Set(["node-compile-cache"]);

export interface TemporaryFolder {
  /** What is in it. */
  leftovers(): string[];
  remove(): void;
}

/** Makes the folder, for this process and all that it starts. */
export function ownTemporaryFolder(): TemporaryFolder {
  const folder = mkdtempSync(join(tmpdir(), "hatcheck-run-"));
  // Postgres runs as another user than root.
  chmodSync(folder, 0o755);
  process.env["TMPDIR"] = folder;
  return {
    leftovers: () => readdirSync(folder).filter((name) => !NOT_OURS.has(name)),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** For programs whose servers are killed, and cannot tidy up: the folder goes when the program does, however it ends. */
export function temporaryFolderUntilExit(): void {
  const folder = ownTemporaryFolder();
  process.once("exit", () => folder.remove());
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
}
