/** What must be in a tarball and in its package.json, and what must not. */
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { reachedFrom } from "../reached-from.mjs";
import { PAGES, PICTURES, REPOSITORY } from "./pack.mjs";
import { root } from "./run.mjs";

/** @throws Error that names everything that is wrong. */
export function checkContents(item, version = item.manifest.version) {
  const wrong = [
    ...(item.manifest.version === version ? [] : [`its version is not ${version}`]),
    ...metadata(item.manifest),
    ...dependencies(item.manifest),
    ...targets(item),
    ...whatIsPacked(item),
    ...linksOfReadme(item),
  ];
  if (wrong.length > 0) throw new Error(wrong.join("\n  "));
}

function* metadata({ repository, bugs, homepage, keywords, ...manifest }) {
  if (!manifest.description) yield "description is missing";
  if (!(keywords?.length >= 3)) yield "keywords: fewer than three";
  if (manifest.license !== "MIT") yield "license is not MIT";
  if (manifest.type !== "module") yield "type is not module";
  if (manifest.exports && manifest.sideEffects !== false) yield "sideEffects is not false";
  if (manifest.engines?.node !== ">=22.13") yield "engines.node is not >=22.13";
  if (repository?.url !== `git+${REPOSITORY}.git`) yield "repository.url is wrong";
  if (!existsSync(join(root, repository?.directory ?? "", "package.json")))
    yield "repository.directory is wrong";
  if (homepage !== `${REPOSITORY}/tree/main/${repository?.directory}#readme`) yield "homepage is wrong";
  if (bugs?.url !== `${REPOSITORY}/issues`) yield "bugs.url is wrong";
}

/** `workspace:` and `catalog:` mean nothing outside of this workspace. */
function* dependencies({ name, version, ...manifest }) {
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
    for (const [dependency, range] of Object.entries(manifest[kind] ?? {})) {
      if (/^(workspace|catalog|file|link):/.test(range)) yield `${kind}: ${dependency} is ${range}`;
      if (dependency.startsWith("@hatcheck/") && range !== `^${version}`)
        yield `${name} wants ${dependency} ${range}`;
    }
  }
}

/** `publishConfig.exports` took effect: everything leads into `dist`, to types first, and is there. */
function* targets({ manifest, files }) {
  for (const [path, target] of Object.entries(manifest.exports ?? {})) {
    if (Object.keys(target).join() !== "types,default") yield `exports["${path}"] is not { types, default }`;
    for (const file of Object.values(target)) {
      if (!file.startsWith("./dist/")) yield `exports["${path}"] leads to ${file}`;
      if (!files.includes(posix.normalize(file))) yield `exports["${path}"]: ${file} is not packed`;
    }
  }
  for (const file of Object.values(manifest.bin ?? {})) {
    if (!files.includes(posix.normalize(file))) yield `bin: ${file} is not packed`;
  }
}

function* whatIsPacked({ manifest, folder, files }) {
  const always = ["package.json", "README.md", "CHANGELOG.md", "LICENSE"];
  for (const name of always) if (!files.includes(name)) yield `${name} is not packed`;
  const exported = Object.values(manifest.exports ?? {}).flatMap((target) => Object.values(target));
  const reached = reachedFrom(folder, [...exported, ...Object.values(manifest.bin ?? {})]);
  // Pages of the example are asked for by a browser, and licences by a reader: no import leads to them.
  const asked = manifest.bin ? /^public\/|^dist\/licences\.txt$/ : /^dist\/licences\.txt$/;
  const extra = files.filter((file) => !always.includes(file) && !reached.has(file) && !asked.test(file));
  if (extra.length > 0) yield `nobody needs ${extra.join(", ")}`;
  if (read(folder, "LICENSE") !== read(root, "LICENSE")) yield "LICENSE is another one";
}

/** Links within the repository must lead to what is there. */
function* linksOfReadme({ folder }) {
  const prose = read(folder, "README.md").replace(/^```[^]*?^```$/gm, "");
  for (const [, link] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    const home = [PAGES, PICTURES].find((start) => link.startsWith(start));
    const path = home && link.slice(home.length).split("#")[0];
    if (path && !existsSync(join(root, path))) yield `README.md links to ${path}, which is not there`;
    if (!/^(?:https:|#)/.test(link)) yield `README.md links to ${link}`;
  }
}

function read(folder, name) {
  return existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "";
}
