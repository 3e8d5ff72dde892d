// Bundles the example site, and the seed's program, into one file each: nothing else is needed to run them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { builtinsForCommonJs, copiedLicences } from "../scripts/inline.mjs";

const { metafile } = await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: { main: "src/main.ts", seed: "src/seed-main.ts" },
  outdir: "dist",
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22",
  metafile: true,
  legalComments: "none",
  // Drivers of databases: installed by who uses them.
  external: ["redis", "pg"],
  plugins: [builtinsForCommonJs],
});

// What is bundled is copied, and its licences go with it.
writeFileSync(join(import.meta.dirname, "dist/licences.txt"), copiedLicences(metafile, import.meta.dirname));
