/**
 * Links between files of the repository, made into links between pages of the site. What is on no page is on GitHub.
 */
import { posix } from "node:path";
import { type Page, PAGES } from "./pages.ts";

const REPOSITORY = "https://github.com/hatcheck/hatcheck/blob/main/";
const PICTURE = /\.(?:svg|png)$/;

/** The pictures that pages show, as paths from the root. */
export const picturesOf = (text: string, { file }: Page): string[] =>
  targetsOf(text)
    .map((target) => fromRoot(file, target))
    .filter((target) => PICTURE.test(target));

/** Rewrites the links of a page. */
export function rewriteLinks(text: string, page: Page): string {
  return text.replaceAll(
    /(?<before>\]\()(?!https?:|mailto:|#)(?<target>[^)\s#]+)(?<hash>#[^)\s]*)?(?=\))/g,
    (_match, before: string, target: string, hash: string = "") =>
      before + siteLink(fromRoot(page.file, target), hash),
  );
}

function siteLink(file: string, hash: string): string {
  const page = PAGES.find((candidate) => candidate.file === file);
  if (page !== undefined) return `/${page.path === "index" ? "" : page.path}${hash}`;
  return PICTURE.test(file) ? `/${file}` : REPOSITORY + file + hash;
}

function fromRoot(file: string, target: string): string {
  return posix.join(posix.dirname(file), target);
}

function targetsOf(text: string): string[] {
  return Array.from(text.matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g), ([, target = ""]) => target);
}
