// Starts processes that share a SQLite file with the test.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Arguments of node. The oldest Node that is supported has to be asked to strip types, and warns that it does. */
export const WORKER: readonly string[] = [
  "--experimental-strip-types",
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, "sqlite-worker.ts"),
];

/** Runs a command of `sqlite-worker.ts` to its end. */
export async function runWorker(...args: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [...WORKER, ...args]);
}
