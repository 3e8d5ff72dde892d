// Starts `remote-worker.ts` as a process of its own, and kills it in the middle of its work.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Node 22 before 22.18 needs the flag. */
export const WORKER: readonly string[] = [
  "--experimental-strip-types",
  "--no-warnings",
  join(import.meta.dirname, "remote-worker.ts"),
];

/** Lets a process write sessions, a few hundred and then for so many milliseconds more, and ends it as a crash does. */
export async function churnAndKill(driver: string, ports: number[], name: string, ms: number): Promise<void> {
  const args = [...WORKER, "churn", driver, ports.join(","), name];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exit]);
  await sleep(ms);
  child.kill("SIGKILL");
  const [, signal] = (await exit) as [number | null, string | null];
  if (signal !== "SIGKILL") throw new Error("the worker ended before it was killed");
}
