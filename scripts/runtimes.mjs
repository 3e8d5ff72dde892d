/**
 * The packages' own tests on Bun and Deno: those that need no database, no compiler and no flag of Node's. A test that fails
 * there must be listed, with its reason, in `scripts/runtimes/`; one that is listed and passes on all runs must go from there.
 *
 *     node scripts/runtimes.mjs            # both
 *     node scripts/runtimes.mjs deno core  # one, and of it one package
 *
 * Ends with exit code 1 for a failure that is not listed, or when a run takes longer than its bound.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const BOUND_MS = 6 * 60_000;

const RUNTIMES = {
  bun: { from: "bun@1.4.5", start: ["bun", "--bun"] },
  deno: { from: "deno@2.9.6", start: ["deno", "run", "--allow-all"] },
};

/** What makes sense there: what is left out drives databases, compilers, other processes of Node, or Node's collector. */
const PACKAGES = {
  core: { run: ["src/", "test/"], without: ["test/api", "test/docs", "test/bundling", "test/types"] },
  session: {
    run: [
      "src/",
      "test/layer",
      "test/memory",
      "test/options",
      "test/own-store",
      "test/log-in-as",
      "test/schema",
    ],
    without: ["src/redis", "src/postgres", "types.test", "test/memory-limit"],
  },
  scheduler: { run: ["src/"], without: [] },
};

const [only, onlyPackage] = process.argv.slice(2);
let failed = false;
for (const [name, runtime] of Object.entries(RUNTIMES)) {
  if (only !== undefined && only !== name) continue;
  const known = knownFailures(name);
  const seen = new Set();
  for (const [folder, tests] of Object.entries(PACKAGES)) {
    if (onlyPackage !== undefined && onlyPackage !== folder) continue;
    // Both end now and then without a word; twice in a row is no accident.
    const { passed, failures } = await runTests(runtime, folder, tests).catch(() =>
      runTests(runtime, folder, tests),
    );
    const unknown = failures.filter((test) => {
      const reason = known.find(({ pattern }) => pattern.test(test));
      if (reason !== undefined) seen.add(reason);
      return reason === undefined;
    });
    console.log(
      `${name}, ${folder}: ${passed} passed, ${failures.length - unknown.length} failed as is known, ${unknown.length} failed`,
    );
    for (const test of unknown) console.log(`  ${test}`);
    if (unknown.length > 0 || passed === 0) failed = true;
  }
  if (onlyPackage === undefined) {
    for (const { pattern } of known.filter((one) => !seen.has(one)))
      console.log(`  Listed in scripts/runtimes/${name}.txt, and nothing fails by it: ${pattern.source}`);
  }
}
process.exitCode = failed ? 1 : 0;

/** One pattern a line, over `package/file > names of the test`; lines that begin with `#` say why. */
function knownFailures(name) {
  return readFileSync(join(root, "scripts/runtimes", `${name}.txt`), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ pattern: new RegExp(line, "u") }));
}

/** Where npm has put a program of a package. It is asked in no package's folder, where it would look for it among the dependencies. */
function pathOf(program, from) {
  const find = ["exec", "--yes", `--package=${from}`, "--", "which", program];
  return execFileSync("npm", find, { cwd: tmpdir(), encoding: "utf8" }).trim().split("\n").at(-1);
}

async function runTests({ from, start }, folder, { run, without }) {
  const temp = mkdtempSync(join(tmpdir(), "hatcheck-runtimes-"));
  const outputFile = join(temp, "report.json");
  const cwd = join(root, "packages", folder);
  const vitest = ["node_modules/vitest/vitest.mjs", "run", ...run];
  // Processes of another runtime are no workers for vitest: its threads are.
  const how = ["--pool=threads", "--no-isolate", "--testTimeout=20000", "--teardownTimeout=2000"];
  const exclude = without.map((path) => `--exclude=**/${path}*`);
  const report = ["--reporter=json", `--outputFile=${outputFile}`];
  const [runtime, ...flags] = start;
  try {
    const child = spawn(pathOf(runtime, from), [...flags, ...vitest, ...how, ...exclude, ...report], {
      cwd,
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
      env: { ...process.env, TMPDIR: temp },
    });
    await new Promise((resolve, reject) => {
      const bound = setTimeout(() => {
        process.kill(-child.pid, "SIGKILL");
        reject(new Error(`The tests of ${folder} on ${from} took longer than ${BOUND_MS / 60_000} minutes`));
      }, BOUND_MS);
      // Read, or a runtime that cannot write would stop.
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text) => (said = (said + text).slice(-2000)));
      child.on("close", (code, signal) => {
        clearTimeout(bound);
        if (existsSync(outputFile)) resolve();
        else
          reject(
            new Error(
              `The tests of ${folder} on ${from} ended without a report (${signal ?? code}): ${said}`,
            ),
          );
      });
    });
    const { testResults } = JSON.parse(readFileSync(outputFile, "utf8"));
    const tests = testResults.flatMap(({ name, status, assertionResults }) => {
      const file = `${folder}/${relative(cwd, name)}`;
      if (assertionResults.length === 0 && status === "failed")
        return [{ status, test: `${file} > (does not load)` }];
      return assertionResults.map((one) => ({
        status: one.status,
        test: [file, ...one.ancestorTitles, one.title].join(" > "),
      }));
    });
    return {
      passed: tests.filter(({ status }) => status === "passed").length,
      failures: tests.filter(({ status }) => status === "failed").map(({ test }) => test),
    };
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}
