/** Installs the tarballs into an empty folder as a user does, with the consumer's program beside them. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, transformSync } from "esbuild";
import { checkDependency, runtimeTree } from "../licences.mjs";
import { npm, pnpm, root } from "./run.mjs";

/** Declarations must hold with the oldest and with the newest types of Node. */
const NODE_TYPES = { npm: "^22.13.0", pnpm: "^26.0.0" };

/** @param manager `npm` or `pnpm`. */
export async function install(manager, packages, folder) {
  const tarballs = Object.fromEntries(packages.map(({ manifest, file }) => [manifest.name, `file:${file}`]));
  cpSync(join(import.meta.dirname, "consumer"), folder, { recursive: true });
  const seed = readFileSync(join(root, "examples/src/seed.ts"), "utf8");
  writeFileSync(join(folder, "seed.mjs"), transformSync(seed, { loader: "ts" }).code);

  const manifest = {
    private: true,
    type: "module",
    dependencies: tarballs,
    devDependencies: { "@types/node": NODE_TYPES[manager] },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  if (manager === "npm") {
    await npm(["install"], { cwd: folder });
  } else {
    // What the packages need of each other: npm takes the tarballs by itself, pnpm would ask the registry.
    writeFileSync(join(folder, "pnpm-workspace.yaml"), JSON.stringify({ overrides: tarballs }));
    await pnpm(["install", "--no-frozen-lockfile"], { cwd: folder });
  }
  return { manager, folder };
}

/** What got installed for these packages: ours once each, little else, and nothing that runs while installing. */
export function checkTree(folder, packages) {
  const tree = runtimeTree(folder);
  tree.forEach(checkDependency);
  const ours = tree.filter(({ name }) => name.startsWith("@hatcheck/")).map(({ name }) => name);
  const expected = packages.map(({ manifest }) => manifest.name);
  if (ours.toSorted().join() !== expected.toSorted().join())
    throw new Error(`installed were ${ours.join(", ")}`);
  return { cell: `${tree.length} packages` };
}

/** The consumer's program as one file of ESM or CommonJS, in a folder without `node_modules`. */
export async function bundle(folder, out, format) {
  mkdirSync(out, { recursive: true });
  await build({
    absWorkingDir: folder,
    entryPoints: ["main.mjs"],
    outdir: out,
    outExtension: { ".js": format === "cjs" ? ".cjs" : ".mjs" },
    format,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node22",
    logLevel: "silent",
  });
}
