/**
 * What `npm start`, `npm test` and the like run. It needs nothing but npm and Node 20: where this Node is older than
 * the one Hatcheck supports, it fetches Node 24 from npm and goes on with that.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

const [task, ...args] = process.argv.slice(2);
const tasks = {
  start: async () => {
    await installExample();
    await pnpm("--filter", "@hatcheck/example", "--silent", "build");
    // Node 22 calls its own SQLite experimental at every start.
    await run(process.execPath, ["--disable-warning=ExperimentalWarning", "examples/dist/main.js", ...args]);
  },
  seed: async () => {
    await installExample();
    await pnpm("--filter", "@hatcheck/example", "--silent", "build");
    await run(process.execPath, ["examples/dist/seed.js", ...args]);
  },
  test: async () => {
    await pnpm("install", "--frozen-lockfile");
    await pnpm("lint");
    await pnpm("format:check");
    await pnpm("typecheck");
    await pnpm("exec", "vitest", "run", ...args);
  },
  "site:check": async () => {
    await pnpm("install", "--frozen-lockfile", "--silent");
    await run(process.execPath, ["site/check.ts"]);
  },
  runtimes: async () => {
    await pnpm("install", "--frozen-lockfile", "--silent");
    await run(process.execPath, ["scripts/runtimes.mjs", ...args]);
  },
  "pack:check": async () => {
    await pnpm("install", "--frozen-lockfile", "--silent");
    await run(process.execPath, ["scripts/licences.mjs"]);
    await run(process.execPath, ["scripts/pack-check.mjs", ...args]);
  },
};

if (!(task in tasks)) fail(`unknown task "${task}"; use one of: ${Object.keys(tasks).join(", ")}`);
// What the tests use needs more than what they test: their HTTP client, undici, does not load on Node 22.18.
const needed = task === "test" || task === "site:check" ? [22, 19] : [22, 13];
if (isAtLeast(process.versions.node, needed)) {
  await tasks[task]();
} else {
  console.error(
    `Node ${process.versions.node} is older than ${needed.join(".")}; fetching Node 24 from npm.`,
  );
  const node = await npmNode();
  process.env.PATH = dirname(node) + delimiter + process.env.PATH;
  await run(node, [fileURLToPath(import.meta.url), task, ...args]);
}

function isAtLeast(version, [major, minor]) {
  const [itsMajor, itsMinor] = version.split(".").map(Number);
  return itsMajor > major || (itsMajor === major && itsMinor >= minor);
}

/** The path of the Node 24 that the npm package `node` carries. */
async function npmNode() {
  const out = await run(
    "npm",
    ["exec", "--yes", "--package=node@24", "--", "node", "-p", "process.execPath"],
    {
      capture: true,
    },
  );
  return out.trim().split("\n").at(-1);
}

/** What the example is built with, and no more: the bench's contestants alone are ten times as large. */
function installExample() {
  return pnpm(
    "--filter",
    "@hatcheck/example...",
    "--filter",
    "hatcheck",
    "install",
    "--frozen-lockfile",
    "--silent",
  );
}

function pnpm(...words) {
  return run("npm", ["exec", "--yes", `--package=${packageManager}`, "--", "pnpm", ...words]);
}

/** Runs a command to its end with this terminal; leaves with its exit code when it fails. */
function run(command, words, { capture = false } = {}) {
  const child = spawn(command, words, {
    cwd: root,
    stdio: ["inherit", capture ? "pipe" : "inherit", "inherit"],
    shell: process.platform === "win32" && command === "npm",
  });
  let out = "";
  child.stdout?.on("data", (chunk) => (out += chunk));
  // Ctrl-C reaches the child by itself, since it shares the terminal; a signal sent to this process alone does not.
  const ignore = () => {};
  const forward = () => child.kill("SIGTERM");
  process.on("SIGINT", ignore).on("SIGTERM", forward);
  // The shell that npm starts this with dies of a SIGTERM and tells nobody: an orphan ends too.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && forward(), 500);
  return new Promise((resolve) => {
    child.on("error", (error) => fail(`${command} could not be started: ${error.message}`));
    child.on("close", (code, signal) => {
      clearInterval(watch);
      process.off("SIGINT", ignore).off("SIGTERM", forward);
      if (code === 0) resolve(out);
      else process.exit(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
