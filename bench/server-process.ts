// A contestant as a process of its own, on the first CPU; the load runs on the second.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { availableParallelism } from "node:os";
import { arch, platform } from "node:process";
import type { Contestant } from "./contestants.ts";

/** Whether processes can be pinned to a CPU. */
export const canPin: boolean = availableParallelism() > 1 && isInstalled("taskset");

/** A command that runs on one CPU only, where that is possible. */
export function pinned(cpu: number, command: string, args: readonly string[]): [string, string[]] {
  return canPin ? ["taskset", ["-c", String(cpu), command, ...args]] : [command, [...args]];
}

export function isInstalled(command: string): boolean {
  try {
    execFileSync("which", [command], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export interface ServerProcess extends AsyncDisposable {
  readonly contestant: Contestant;
  readonly port: number;
  readonly pid: number;
  /** Milliseconds from the start of the process to its first accepted connection. */
  readonly startMs: number;
}

/** CPU time that a process has used, in microseconds; `undefined` where the system does not tell. */
export function cpuMicrosOf(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanos = threads.map((id) =>
      Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]),
    );
    return nanos.reduce((sum, each) => sum + each, 0) / 1000;
  } catch {
    return undefined;
  }
}

export async function startServer(
  contestant: Contestant,
  port: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const [command, words] = pinned(0, ...commandOf(contestant));
  const startedAt = performance.now();
  const child = spawn(command, words, {
    env: { ...process.env, NODE_ENV: "production", PORT: String(port), ...settings },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaints = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${contestant.name} did not start:\n${complaints}`);
    if (performance.now() - startedAt > 10_000) {
      await stop(child);
      throw new Error(`${contestant.name} did not answer on port ${port}:\n${complaints}`);
    }
  }
  return {
    contestant,
    port,
    pid: child.pid ?? 0,
    startMs: performance.now() - startedAt,
    [Symbol.asyncDispose]: () => stop(child),
  };
}

function commandOf({ file, args, runtime }: Contestant): [string, string[]] {
  const servers = `${import.meta.dirname}/servers`;
  const program = [`${servers}/${file}`, ...args];
  if (runtime === "bun") return [binaryOf("bun", `@oven/bun-${platform}-${arch}/bin/bun`), program];
  if (runtime === "deno") {
    const name = `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}/deno`;
    return [binaryOf("deno", name), ["run", "--allow-net", "--allow-env", ...program]];
  }
  const hooks = file === "hatcheck.mjs" ? ["--import", `${servers}/built.mjs`] : [];
  return [process.execPath, ["--disable-warning=ExperimentalWarning", ...hooks, ...program]];
}

/** The program of a runtime that npm carries, in the package for this system. */
function binaryOf(runtime: string, program: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${runtime}/package.json`);
  return createRequire(manifest).resolve(program);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => setTimeout(() => resolve(false), 5));
    socket.once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
