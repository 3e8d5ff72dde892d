import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isReachable, POSTGRES_URL, REDIS_URL } from "./servers.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
/** Hidden, so that no glob takes its files for tests; in the package, so that its name resolves to itself. */
const folder = join(here, `.docs-${process.pid}`);

/** Stands for the session package, which this one must not depend on. */
const SESSION = `export class SessionStore {
  readonly ttlSeconds: number;
  constructor(ttlSeconds: number) { this.ttlSeconds = ttlSeconds; }
  purgeExpired(): number { return 0; }
}
`;

const blocks = ["../README.md", "../../../docs/scheduler.md"].flatMap((page) => {
  const text = readFileSync(join(here, page), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match, n) => ({
    title: `${page.replaceAll("../", "")}, block ${n + 1}`,
    file: `${page.includes("README") ? "readme" : "guide"}-${n + 1}.ts`,
    code: (match[1] as string)
      .replace('"@hatcheck/session"', '"./session.ts"')
      // A table that is gone when the connection ends.
      .replace("postgresOnce(pool)", 'postgresOnce(pool, { table: "pg_temp.hatcheck_once" })')
      .replace("redis://127.0.0.1:6379", REDIS_URL)
      .replace("postgres://postgres@127.0.0.1:5432/postgres", POSTGRES_URL),
  }));
});

const missing = [
  ...((await isReachable(REDIS_URL)) ? [] : ['from "redis"']),
  ...((await isReachable(POSTGRES_URL)) ? [] : ['from "pg"']),
];

beforeAll(() => {
  mkdirSync(folder);
  writeFileSync(join(folder, "session.ts"), SESSION);
  for (const { file, code } of blocks) writeFileSync(join(folder, file), `${code}\nexport {};\n`);
  const settings = { extends: "../../../../tsconfig.json", include: ["*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every example of the pages passes the type checker", () => {
  const require = createRequire(import.meta.url);
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  const args = [tsc, "-p", join(folder, "tsconfig.json")];
  expect(blocks.length).toBeGreaterThan(8);
  expect(spawnSync(process.execPath, args, { encoding: "utf8" }).stdout).toBe("");
}, 60_000);

test("the first example of the guide is the session store's purge, and does not keep the process alive", () => {
  const purge = blocks.find(({ file }) => file === "guide-1.ts");
  expect(purge?.code).toContain("sessions.purgeExpired()");
  const { status, stdout } = runBlock("guide-1.ts", 30_000);
  expect(status).toBe(0);
  expect(stdout.match(/T\d\d:\d\d/g)).toHaveLength(3);
}, 40_000);

test.for(blocks)("$title runs", ({ file, code }, { skip }) => {
  if (missing.some((text) => code.includes(text))) skip("its database cannot be reached");
  // Some of them go on for good; half a second without an error is what is asked of those.
  const { status, stderr } = runBlock(file, 1500);
  expect(stderr).toBe("");
  expect([0, null]).toContain(status);
});

function runBlock(file: string, timeout: number) {
  const flags = ["--experimental-strip-types", "--no-warnings"];
  return spawnSync(process.execPath, [...flags, join(folder, file)], { encoding: "utf8", timeout });
}
