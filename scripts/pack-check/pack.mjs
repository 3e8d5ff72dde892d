/** Builds and packs all that is published: the tarballs that are tried here are those that go to npm. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { npm, pnpm, run } from "./run.mjs";

export const REPOSITORY = "https://github.com/hatcheck/hatcheck";
export const PAGES = `${REPOSITORY}/blob/main/`;
export const PICTURES = "https://raw.githubusercontent.com/hatcheck/hatcheck/main/";
const PUBLISHED = ["--recursive", "--filter", "./packages/*", "--filter", "./examples"];

/** @returns For each package its tarball, its package.json, and the unpacked folder with the list of its files. */
export async function pack(folder) {
  const raw = join(folder, "raw");
  mkdirSync(raw, { recursive: true });
  await pnpm([...PUBLISHED, "build"]);
  await pnpm([...PUBLISHED, "pack", "--pack-destination", raw]);
  return Promise.all(
    readdirSync(raw).map((name) => finish(join(raw, name), name.replace(".tgz", ""), folder)),
  );
}

/** pnpm has put versions in place of `workspace:` and `catalog:`, and `publishConfig` in its place; the rest is done here. */
async function finish(raw, name, folder) {
  const unpacked = join(folder, name);
  mkdirSync(unpacked);
  await run("tar", ["-xzf", raw, "--strip-components=1", "-C", unpacked]);
  // Neither is of any use without the repository.
  const {
    scripts: _,
    devDependencies: __,
    ...manifest
  } = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8"));
  writeFileSync(join(unpacked, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const readme = join(unpacked, "README.md");
  if (existsSync(readme)) {
    writeFileSync(readme, withWholeLinks(readFileSync(readme, "utf8"), manifest.repository.directory));
  }

  await npm(["pack", "--pack-destination", folder], { cwd: unpacked });
  const file = join(folder, basename(raw));
  const list = await run("tar", ["-tzf", file]);
  const files = list
    .trim()
    .split("\n")
    .map((path) => path.replace("package/", ""));
  return { file, folder: unpacked, manifest, files, bytes: statSync(file).size };
}

/** npm shows a README without the files around it: what is relative in the repository is made whole. Code stays as it is. */
function withWholeLinks(markdown, directory) {
  return markdown.replace(
    /^```[^]*?^```$|(!?)(\[[^\]]*\]\()(?!https?:|#)([^)\s]+)/gm,
    (found, image, label, path) => {
      if (label === undefined) return found;
      return `${image}${label}${image ? PICTURES : PAGES}${posix.join(directory, path)}`;
    },
  );
}
