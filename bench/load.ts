// Load as fast as it goes over 64 connections: by wrk where it is installed, by autocannon where not.
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { toWire, type WireRequest } from "./scenarios.ts";
import { isInstalled, pinned } from "./server-process.ts";

export const CONNECTIONS = 64;
export const LOAD = isInstalled("wrk") ? "wrk" : "autocannon";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "hatcheck-load-"));
let files = 0;

/** Writes requests to a file, as the programs that send them read it: with a NUL after each. */
export function writeRequests(requests: readonly WireRequest[]): string {
  files += 1;
  const file = join(folder, `requests-${files}`);
  writeFileSync(file, requests.map((each) => `${toWire(each)}\0`).join(""));
  return file;
}

export interface Load {
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
}

/** Sends requests for so many seconds. @throws Error when any of them failed. */
export async function measureLoad(port: number, requestsFile: string, seconds: number): Promise<Load> {
  const [command, args] =
    LOAD === "wrk" ? wrk(port, requestsFile, seconds) : autocannon(port, requestsFile, seconds);
  const { stdout } = await run(command, args);
  const line = stdout.split("\n").find((each) => each.startsWith("{"));
  const result = JSON.parse(line ?? "{}") as { requests: number; microseconds: number; errors: number };
  // A slow server may have answered none within a short round.
  if (!(result.requests >= 0) || result.errors > 0) throw new Error(`The load failed:\n${stdout}`);
  return { requests: result.requests, rate: (result.requests / result.microseconds) * 1e6 };
}

function wrk(port: number, requestsFile: string, seconds: number): [string, string[]] {
  const script = `${import.meta.dirname}/load.lua`;
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--timeout", "15s", "-s", script];
  return pinned(1, "wrk", [...args, `http://127.0.0.1:${port}`, "--", requestsFile]);
}

function autocannon(port: number, requestsFile: string, seconds: number): [string, string[]] {
  const script = `${import.meta.dirname}/load-autocannon.mjs`;
  return pinned(1, process.execPath, [
    script,
    String(port),
    requestsFile,
    String(seconds),
    String(CONNECTIONS),
  ]);
}
