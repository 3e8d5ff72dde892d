// Bundles the example site, and the seed's program, into one file each: nothing else is needed to run them.
import { build } from "esbuild";

await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: { main: "src/main.ts", seed: "src/seed-main.ts" },
  outdir: "dist",
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22",
  legalComments: "none",
  // Drivers of databases: installed by who uses them.
  external: ["redis", "pg"],
  // find-my-way is CommonJS and requires built-in modules.
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
});
