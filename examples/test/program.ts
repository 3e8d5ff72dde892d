// The program as users run it: the bundle, in a process of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../bin/hatcheck-example.js", import.meta.url));

export interface Program {
  readonly url: string;
  readonly child: ChildProcess;
  /** Ends it as Ctrl-C does, and gives its exit code. */
  stop(): Promise<number | null>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts it, and waits until it listens. @throws Error with what it said when it ended instead. */
export async function startProgram(args: string[], cwd?: string): Promise<Program> {
  const { child, ended } = run(args.includes("--port") ? args : [...args, "--port", "0"], cwd);
  const url = await Promise.race([
    new Promise<string>((resolve) => {
      let stdout = "";
      child.stdout?.on("data", (chunk) => {
        stdout += String(chunk);
        const [, address] = /^Listening on (\S+)$/m.exec(stdout) ?? [];
        if (address !== undefined) resolve(address);
      });
    }),
    ended.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ]);
  const stop = async () => {
    child.kill("SIGINT");
    return (await ended).code;
  };
  return { url, child, stop };
}

/** Runs it to its end. */
export function runProgram(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return run(args, undefined, env).ended;
}

function run(
  args: string[],
  cwd: string | undefined,
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], {
    // Node 22 says with each start that its SQLite is experimental.
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: "1", ...env },
    ...(cwd !== undefined && { cwd }),
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended };
}
