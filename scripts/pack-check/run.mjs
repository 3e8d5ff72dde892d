/** Runs a program to its end and gives what it wrote; when it fails, the error carries all of it. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

export const root = join(import.meta.dirname, "../..");
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** This Node first, for programs that start with `#!/usr/bin/env node`; nothing of the script that started this one. */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_(package|lifecycle)_|PNPM_|INIT_CWD)/.test(name)),
);
environment.PATH = dirname(process.execPath) + delimiter + process.env.PATH;

export function run(command, words, { cwd = root, timeoutMs = 180_000 } = {}) {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: environment, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, words, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${words.join(" ")}\n${stdout}${stderr}`.trim()));
      else resolve(stdout);
    });
  });
}

export function npm(words, options) {
  return run(
    "npm",
    [...words, "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
    options,
  );
}

/** The pnpm that the workspace names. */
export function pnpm(words, options) {
  return run("npm", ["exec", "--yes", `--package=${packageManager}`, "--", "pnpm", ...words], options);
}
