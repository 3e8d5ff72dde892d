/**
 * Builds the documentation into site/dist: docs/ and the API reference, as static files.
 *
 *     pnpm site
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "vitepress";
import { writeApi } from "./api.ts";
import { picturesOf, rewriteLinks } from "./links.ts";
import { PAGES } from "./pages.ts";

const root = join(import.meta.dirname, "..");
/** What VitePress reads, written anew each time. */
const source = join(import.meta.dirname, ".pages");

rmSync(source, { recursive: true, force: true });
mkdirSync(join(source, "public"), { recursive: true });
for (const page of PAGES) {
  const text = readFileSync(join(root, page.file), "utf8");
  write(join(source, `${page.path}.md`), rewriteLinks(text, page));
  for (const picture of picturesOf(text, page)) {
    cpSync(join(root, picture), join(source, "public", picture), { recursive: true });
  }
}
cpSync(join(root, "examples/public/icon.svg"), join(source, "public/icon.svg"));
await writeApi(root, join(source, "api"));
await build(import.meta.dirname);

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
