/**
 * What can be told of the site from its files.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Every link to a page, a heading or a picture that is not there. */
export function deadLinks(dist: URL): string[] {
  const pages = pagesOf(dist);
  const ids = new Map(pages.map(({ path, html }) => [path, idsOf(html)]));
  return pages.flatMap(({ path, html }) =>
    Array.from(html.matchAll(/\s(?:href|src)="(?<target>[^"]+)"/g), ({ groups }) => groups?.["target"] ?? "")
      .filter((target) => !/^(?:https?:|data:|mailto:)/.test(target))
      .filter((target) => !leadsSomewhere(target.replaceAll("&amp;", "&"), path, dist, ids))
      .map((target) => `${path}: the link ${target} leads nowhere`),
  );
}

/** Every page without a title of its own, or without one heading above all others. */
export function untitled(dist: URL): string[] {
  return pagesOf(dist).flatMap(({ path, html }) => {
    const title = /<title>(?<title>[^<]*)<\/title>/.exec(html)?.groups?.["title"] ?? "";
    const headings = html.match(/<h1[\s>]/g)?.length ?? 0;
    const problems = [];
    if (title.trim() === "" || title.startsWith("undefined")) problems.push(`${path} has no title`);
    if (headings !== 1 && path !== "/404")
      problems.push(`${path} has ${headings} headings of the first rank`);
    return problems;
  });
}

/** The paths of all pages. */
export function pagesOf(dist: URL): { path: string; html: string }[] {
  const folder = fileURLToPath(dist);
  return globSync("**/*.html", { cwd: folder })
    .toSorted()
    .map((file) => ({
      path: `/${file.replaceAll("\\", "/").replace(/(?:index)?\.html$/, "")}`,
      html: readFileSync(join(folder, file), "utf8"),
    }));
}

function idsOf(html: string): Set<string> {
  return new Set(Array.from(html.matchAll(/\sid="(?<id>[^"]+)"/g), ({ groups }) => groups?.["id"] ?? ""));
}

function leadsSomewhere(
  target: string,
  from: string,
  dist: URL,
  ids: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  const { pathname, hash } = new URL(target, `http://site${from}`);
  const path = decodeURIComponent(pathname).replace(/\.html$/, "");
  const found = ids.get(path) ?? ids.get(path.replace(/\/index$/, "/"));
  if (found === undefined) return existsSync(new URL(`.${pathname}`, dist));
  return hash === "" || found.has(decodeURIComponent(hash.slice(1)));
}
