/**
 * node bench/startup.ts
 *
 * What each contestant costs before its first request: what npm installs for it, and the time from the start of the process
 * to the first answer. Each is installed from the registry into a folder of its own, Hatcheck from its packed packages.
 */
import "./temporary-folder.ts";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Contestant, CONTESTANTS, versionsOf, YARDSTICK } from "./contestants.ts";
import { median } from "./results.ts";

const STARTS = 15;
const run = promisify(execFile);
const here = import.meta.dirname;
const root = mkdtempSync(join(tmpdir(), "hatcheck-startup-"));

const contestants = CONTESTANTS.filter(({ args, runtime }) => args.length === 0 && runtime === undefined);
const results: { name: string; packages: number; bytes: number; starts: number[]; startMs: number }[] = [];
for (const contestant of contestants) {
  const folder = join(root, contestant.name.replace(":", "-"));
  mkdirSync(folder);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "startup", type: "module", private: true }),
  );
  for (const file of [contestant.file, "page.mjs"])
    copyFileSync(`${here}/servers/${file}`, join(folder, file));
  await install(contestant, folder);
  results.push({ name: contestant.name, ...sizeOf(folder), starts: [], startMs: Number.NaN });
}
for (let round = 0; round <= STARTS; round += 1) {
  for (const [index, contestant] of contestants.entries()) {
    const ms = await startOf(join(root, contestant.name.replace(":", "-"), contestant.file), 18_700 + index);
    // The first start reads its files from the disk.
    if (round > 0) results[index]?.starts.push(ms);
  }
}
console.log("| | first answer after | installed | packages |\n| --- | ---: | ---: | ---: |");
for (const result of results) {
  result.startMs = median(result.starts);
  const size = `${(result.bytes / 1024).toFixed(0)} KiB`;
  console.log(`| ${result.name} | ${result.startMs.toFixed(0)} ms | ${size} | ${result.packages} |`);
}
mkdirSync(`${here}/results`, { recursive: true });
const about = { date: new Date().toISOString(), node: process.versions.node };
writeFileSync(`${here}/results/startup.json`, `${JSON.stringify({ ...about, results }, undefined, 2)}\n`);
rmSync(root, { recursive: true });

async function install(contestant: Contestant, folder: string): Promise<void> {
  if (contestant.name === YARDSTICK) return;
  const wanted = contestant.name === "hatcheck" ? await pack(folder) : specifiersOf(contestant);
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted], { cwd: folder });
}

function specifiersOf(contestant: Contestant): string[] {
  return Object.entries(versionsOf(contestant)).map(([name, version]) => `${name}@${version}`);
}

/** The tarballs of Hatcheck as they would be published. */
async function pack(folder: string): Promise<string[]> {
  for (const name of ["core", "session"]) {
    await run("pnpm", ["pack", "--pack-destination", folder], { cwd: `${here}/../packages/${name}` });
  }
  return readdirSync(folder)
    .filter((file) => file.endsWith(".tgz"))
    .map((file) => join(folder, file));
}

/** What is installed: files' bytes, and packages. */
function sizeOf(folder: string): { packages: number; bytes: number } {
  let bytes = 0;
  let packages = 0;
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) walk(child);
      else if (entry.isFile()) bytes += statSync(child).size;
      if (entry.name === "package.json" && /node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path)) packages += 1;
    }
  };
  try {
    walk(join(folder, "node_modules"));
  } catch {
    // The yardstick has none.
  }
  return { packages, bytes };
}

/** Milliseconds from the start of a process to its first answer. */
async function startOf(file: string, port: number): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, NODE_ENV: "production", PORT: String(port) },
    stdio: "ignore",
  });
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${file} ended with code ${child.exitCode}`);
  }
  const ms = performance.now() - from;
  child.kill("SIGKILL");
  await once(child, "exit");
  return ms;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ port, host: "127.0.0.1", path: "/", agent: false }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode === 200));
    }).once("error", () => setTimeout(() => resolve(false), 1));
  });
}
