/**
 * What comes along with the packages: every runtime dependency with its licence. Ends with exit code 1 when a licence
 * is not a permissive one, or when a package would run something while it is installed.
 */
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { Report } from "./pack-check/report.mjs";

const PERMISSIVE = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"];

/** The packages that the one in this folder needs to run, each once, sorted by name. */
export function runtimeTree(folder) {
  const found = new Map();
  const visit = (at) => {
    for (const name of Object.keys(manifestOf(at).dependencies ?? {})) {
      const installed = find(name, at);
      if (found.has(installed)) continue;
      found.set(installed, { name, folder: installed, manifest: manifestOf(installed) });
      visit(installed);
    }
  };
  visit(realpathSync(folder));
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws Error when the licence asks for more than its text to be kept, or when installing runs something. */
export function checkDependency({ folder, manifest }) {
  if (!PERMISSIVE.includes(manifest.license)) throw new Error(`its licence is ${manifest.license}`);
  const runs = ["preinstall", "install", "postinstall"].filter(
    (script) => script in (manifest.scripts ?? {}),
  );
  if (existsSync(join(folder, "binding.gyp"))) runs.push("binding.gyp");
  if (runs.length > 0) throw new Error(`installing it runs: ${runs.join(", ")}`);
  return { cell: manifest.license };
}

/**
 * The licences of the packages that these files are from, as whoever copies the files must pass them on.
 *
 * @param files Paths, such as those of a bundle's inputs; what is not below a `node_modules` is passed over.
 */
export function licenceNotices(files) {
  const folders = files.map((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/)?.[0]);
  const notices = [...new Set(folders.filter((folder) => folder !== undefined))].toSorted().map((folder) => {
    const { name, version, license } = manifestOf(folder);
    if (!PERMISSIVE.includes(license)) throw new Error(`the licence of ${name} is ${license}`);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} ${version} comes without its licence's text`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return notices.join(`\n${"-".repeat(80)}\n\n`);
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** As Node looks for it: in the `node_modules` of this folder, then of the one above. */
function find(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    if (existsSync(folder)) return realpathSync(folder);
    if (at === dirname(at)) throw new Error(`${name}, needed by ${from}, is not installed`);
  }
}

if (process.argv[1] === import.meta.filename) {
  const packages = join(import.meta.dirname, "../packages");
  const trees = readdirSync(packages).map((name) => ({ name, tree: runtimeTree(join(packages, name)) }));
  const foreign = new Map(
    trees
      .flatMap(({ tree }) => tree)
      .filter(({ name }) => !name.startsWith("@hatcheck/"))
      .map((dependency) => [dependency.folder, dependency]),
  );
  const report = new Report();
  const table = report.table("Runtime dependencies", "package");
  for (const dependency of foreign.values()) {
    const row = table.row(`${dependency.name} ${dependency.manifest.version}`);
    await row.try("licence", () => checkDependency(dependency));
    const users = trees.filter(({ tree }) => tree.some(({ folder }) => folder === dependency.folder));
    row.note("comes with", users.map(({ name }) => name).join(", "));
  }
  report.print();
  process.exitCode = report.failures.length > 0 ? 1 : 0;
}
