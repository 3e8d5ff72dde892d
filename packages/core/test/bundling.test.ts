// What a bundler makes of the package as it is published, and what two copies of it say.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageOptions } from "../../../scripts/inline.mjs";

const run = promisify(execFile);
const here = join(import.meta.dirname, "..");
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bundling-"));
  const manifest = JSON.parse(readFileSync(join(here, "package.json"), "utf8")) as object;
  const entryPoints = [join(here, "src/index.ts")];
  const options = packageOptions(manifest);
  for (const copy of ["core", "copy"])
    await build({ ...options, entryPoints, outfile: join(folder, `${copy}.mjs`) });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function runProgram(name: string): Promise<string> {
  const { stdout } = await run(process.execPath, [name], { cwd: folder });
  return stdout.trim();
}

test.each(["esm", "cjs"] as const)("a small app runs as one file of %s, without a banner", async (format) => {
  writeFileSync(
    join(folder, "app.mjs"),
    `import { App, Response } from "./core.mjs";
    const app = new App(undefined)
      .get("/:name", (_req, { name }) => Response.text(200, "hello " + name))
      .post("/", async (req) => {
        for await (const part of req.multipart()) return Response.text(200, part.name);
      });
    app.listen({ port: 0 }).then(async (it) => {
      console.log(await (await fetch(it.url + "/ann")).text());
      const body = new FormData();
      body.set("field", "1");
      console.log(await (await fetch(it.url, { method: "POST", body })).text());
      await it.close();
    });`,
  );
  // As on the command line: esbuild app.mjs --bundle --platform=node --format=esm
  const extension = format === "esm" ? "mjs" : "cjs";
  await build({
    entryPoints: [join(folder, "app.mjs")],
    bundle: true,
    platform: "node",
    format,
    outfile: join(folder, `bundled.${extension}`),
  });
  expect(await runProgram(`bundled.${extension}`)).toBe("hello ann\nfield");
});

test("two copies of the package say so, when a layer of one meets a request of the other", async () => {
  writeFileSync(
    join(folder, "two.mjs"),
    `import { App, Response, TestClient } from "./core.mjs";
    import { RequestKey } from "./copy.mjs";
    const key = new RequestKey();
    const app = new App(undefined)
      .onError((error) => Response.text(500, String(error)))
      .wrap((req, _conn, next) => { key.set(req, 1); return next(); });
    console.log((await new TestClient(app).get("/").send()).text());`,
  );
  expect(await runProgram("two.mjs")).toBe(
    "TypeError: Two copies of @hatcheck/core are installed: the request is of one, the layer of another. Find them with `npm ls @hatcheck/core`, and install one version for all.",
  );
});
