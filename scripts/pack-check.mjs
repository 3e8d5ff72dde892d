/**
 * The packages as users get them: packed, looked through, installed from the tarballs by npm and by pnpm into empty
 * folders, run on every Node that is supported, type-checked, required, bundled, and started by npx. Prints what was
 * tried as tables, and ends with exit code 1 when anything failed.
 *
 *     node scripts/pack-check.mjs [--keep FOLDER] [--version VERSION]
 *
 * `--keep` leaves the tarballs in a folder, so that what was tried is what gets published; `--version` is the one that
 * all of them must have.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { checkContents } from "./pack-check/contents.mjs";
import { bundle, checkTree, install } from "./pack-check/install.mjs";
import { fetchNodes } from "./pack-check/nodes.mjs";
import { pack } from "./pack-check/pack.mjs";
import { Report } from "./pack-check/report.mjs";
import { run } from "./pack-check/run.mjs";
import { tryNpx } from "./pack-check/site.mjs";
import { fetchTools, typeCheck } from "./pack-check/tools.mjs";
import { measureSizes } from "./size.mjs";

const { values: options } = parseArgs({ options: { keep: { type: "string" }, version: { type: "string" } } });
const started = performance.now();
const report = new Report();
const temp = mkdtempSync(join(tmpdir(), "hatcheck-pack-"));
try {
  // What is downloaded is downloaded while the packages are built.
  const [packages, nodes, tools] = await Promise.all([
    pack(join(temp, "packed")),
    fetchNodes(["22.13.0", "22", "24", "26"]),
    fetchTools(join(temp, "tools")),
  ]);
  const libraries = packages.filter(({ manifest }) => manifest.exports);
  const example = packages.find(({ manifest }) => manifest.bin);

  const contents = report.table("Tarballs", "package");
  for (const item of packages) {
    const row = contents.row(`${item.manifest.name} ${item.manifest.version}`);
    row.note("files", item.files.length);
    row.note("KB", (item.bytes / 1000).toFixed(1));
    await row.try("contents", () => checkContents(item, options.version));
    await row.try("publint", () => tools.publint(item.file));
    if (item.manifest.exports) await row.try("attw", () => tools.attw(item.file));
  }

  const installs = await Promise.all(
    ["npm", "pnpm"].map((manager) => install(manager, libraries, join(temp, manager))),
  );
  const trees = report.table("Installed", "with");
  for (const { manager, folder } of installs) {
    await trees.row(manager).try("one of each", () => checkTree(folder, libraries));
  }

  const types = report.table("Type-checked without skipLibCheck", "compiler");
  for (const compiler of tools.compilers) {
    const row = types.row(`TypeScript ${compiler.version}`);
    for (const { manager, folder } of installs) {
      for (const resolution of ["nodenext", "bundler"]) {
        await row.try(`${manager}, ${resolution}`, () => typeCheck(compiler, folder, resolution));
      }
    }
  }

  const bundles = join(temp, "bundles");
  await Promise.all(
    installs.flatMap(({ manager, folder }) =>
      ["cjs", "esm"].map((format) => bundle(folder, join(bundles, manager), format)),
    ),
  );
  const runs = report.table("Run", "on");
  for (const node of nodes) {
    const row = runs.row(`Node ${node.version}`);
    for (const { manager, folder: cwd } of installs) {
      await row.try(`${manager}: import`, () => run(node.path, ["main.mjs"], { cwd }));
      await row.try(`${manager}: require`, () => run(node.path, ["require.cjs"], { cwd }));
      for (const file of ["main.cjs", "main.mjs"]) {
        await row.try(`${manager}: bundled, ${file}`, () =>
          run(node.path, [join(bundles, manager, file)], { cwd: temp }),
        );
      }
    }
    await row.try("npx: the site", () => tryNpx(example.file, node, temp));
  }

  await measureSizes(report);
  if (options.keep) {
    mkdirSync(options.keep, { recursive: true });
    for (const { file } of packages) cpSync(file, join(options.keep, basename(file)));
  }
} catch (error) {
  report.failures.push(error.message);
} finally {
  rmSync(temp, { recursive: true, force: true });
}
console.log(`Tried in ${Math.round((performance.now() - started) / 1000)} s.\n`);
report.print();
process.exitCode = report.failures.length > 0 ? 1 : 0;
