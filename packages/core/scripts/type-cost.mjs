/**
 * The cost of types: an app of 500 routes must type-check in less than twice the time of 500 plain functions.
 * Both are checked in turn, so that whatever else the machine does slows both; medians are compared.
 *
 *     node scripts/type-cost.mjs [rounds]
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const ROUTES = 500;
const rounds = Number(process.argv[2] ?? 9);
const folder = join(import.meta.dirname, "../.doc-blocks/type-cost");
const typescript = createRequire(import.meta.url).resolve("typescript/package.json");
const tsc = join(dirname(typescript), "bin", "tsc");

const head = `import { App, type ConnectionInfo, type Request, Response } from "../../../src/index.ts";
interface State { readonly greeting: string }
`;
const numbers = Array.from({ length: ROUTES }, (_, index) => index);
const sources = {
  routes: `${head}export const app: App<State> = App.withState<State>({ greeting: "hello" })
${numbers.map((n) => `  .get("/r${n}/:id/x/:name", (req, { id, name }, conn, { greeting }) => Response.text(200, greeting + id + name + req.path + conn.clientIp))`).join("\n")};
`,
  functions: `${head}
${numbers.map((n) => `export function f${n}(req: Request, { id, name }: { readonly id: string; readonly name: string }, conn: ConnectionInfo, { greeting }: State): Response { return Response.text(200, greeting + id + name + req.path + conn.clientIp); }`).join("\n")}
`,
};

rmSync(folder, { recursive: true, force: true });
for (const [name, source] of Object.entries(sources)) {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, "app.ts"), source);
  writeFileSync(
    join(folder, name, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../../../tsconfig.base.json",
      compilerOptions: {
        noEmit: true,
        isolatedDeclarations: false,
        declaration: false,
        noUnusedLocals: false,
      },
      files: ["app.ts"],
    }),
  );
}

const times = { routes: [], functions: [] };
for (let round = 0; round <= rounds; round += 1) {
  for (const name of Object.keys(sources)) {
    const start = performance.now();
    execFileSync(process.execPath, [tsc, "-p", join(folder, name)], { stdio: "inherit" });
    // The first round warms the file cache.
    if (round > 0) times[name].push(performance.now() - start);
  }
}
rmSync(folder, { recursive: true });

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const [routes, functions] = [median(times.routes), median(times.functions)];
const ratio = routes / functions;
console.log(
  `${ROUTES} routes: ${routes.toFixed(0)} ms; ${ROUTES} functions: ${functions.toFixed(0)} ms; ratio ${ratio.toFixed(2)} (limit 2)`,
);
if (ratio >= 2) process.exitCode = 1;
