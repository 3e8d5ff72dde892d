/** What judges the tarballs: publint, attw, and two generations of TypeScript. No dependencies of the workspace, which needs none of them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, run } from "./run.mjs";

const VERSIONS = {
  "@arethetypeswrong/cli": "0.18.5",
  publint: "0.3.25",
  "typescript-6": "npm:typescript@6.0.3",
  "typescript-7": "npm:typescript@7.0.2",
};

export async function fetchTools(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: VERSIONS }));
  await npm(["install", "--ignore-scripts"], { cwd: folder });
  const modules = join(folder, "node_modules");
  return {
    publint: (file) => run(join(modules, ".bin/publint"), ["run", file, "--strict"]),
    attw: (file) => run(join(modules, ".bin/attw"), [file, "--profile", "esm-only", "--no-emoji"]),
    compilers: ["6", "7"].map((generation) => ({
      version: VERSIONS[`typescript-${generation}`].split("@").at(-1),
      tsc: join(modules, `typescript-${generation}`, "bin/tsc"),
    })),
  };
}

/** Compiles the consumer with every check on, also of our declarations: `skipLibCheck` would hide what is broken there. */
export async function typeCheck({ tsc, version }, folder, moduleResolution) {
  const compilerOptions = {
    target: "ES2023",
    module: moduleResolution === "bundler" ? "preserve" : moduleResolution,
    moduleResolution,
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    // A browser's globals beside ours, and none.
    ...(moduleResolution === "nodenext" && { lib: ["ES2023"] }),
  };
  const project = join(folder, `tsconfig.${version}.${moduleResolution}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions, files: ["types.ts"] }));
  await run(process.execPath, [tsc, "-p", project], { cwd: folder });
}
