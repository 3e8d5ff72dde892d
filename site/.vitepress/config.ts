// How the site looks and where its pages are. build.ts writes the pages.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type DefaultTheme, defineConfig } from "vitepress";
import { GROUPS } from "../pages.ts";

const API = join(import.meta.dirname, "../.pages/api");
const KINDS = ["classes", "functions", "interfaces", "type-aliases", "variables"];

export default defineConfig({
  srcDir: ".pages",
  outDir: "dist",
  lang: "en",
  title: "Hatcheck",
  description: "A minimal web framework for Node and TypeScript with sessions built in.",
  cleanUrls: true,
  lastUpdated: false,
  // Text in angle brackets is a type, not a tag.
  markdown: {
    html: false,
    languageAlias: { caddy: "nginx" },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: (markdown) => markdown.core.ruler.push("corners", ({ tokens }) => noEmptyHeaders(tokens)),
  },
  head: [["link", { rel: "icon", href: "/icon.svg", type: "image/svg+xml" }]],
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    logo: { src: "/icon.svg", alt: "" },
    search: { provider: "local" },
    externalLinkIcon: false,
    outline: { level: [2, 3] },
    nav: [
      { text: "Guide", link: "/docs/getting-started" },
      { text: "API", link: "/api/" },
    ],
    socialLinks: [{ icon: "github", link: "https://github.com/hatcheck/hatcheck" }],
    sidebar: {
      ...apiSidebars(),
      "/": GROUPS.map(({ title, pages }) => ({
        text: title,
        items: pages.map((page) => ({ text: page.title, link: `/${page.path}` })),
      })),
    },
  },
});

/** The empty corner of a table is no header: nobody could read it out. */
function noEmptyHeaders(tokens: { type: string; tag: string; content: string }[]): void {
  for (const [index, token] of tokens.entries()) {
    const [content, end] = [tokens[index + 1], tokens[index + 2]];
    if (token.type !== "th_open" || content?.content !== "" || end === undefined) continue;
    token.tag = "td";
    end.tag = "td";
  }
}

/** For each package, a group for each of its entries, with a list for each kind of thing that it exports. */
function apiSidebars(): Record<string, DefaultTheme.SidebarItem[]> {
  if (!existsSync(API)) return {};
  const packages = ["core", "session", "scheduler"].map((name) => `@hatcheck/${name}`);
  const link = (path: string): DefaultTheme.SidebarItem => ({ text: path, link: `/api/${path}/` });
  return {
    ...Object.fromEntries(
      packages.map((path) => [
        `/api/${path}/`,
        [...entries(path), ...packages.filter((other) => other !== path).map((other) => link(other))],
      ]),
    ),
    "/api/": packages.map((path) => link(path)),
  };
}

function entries(path: string): DefaultTheme.SidebarItem[] {
  const folders = foldersIn(path);
  const items = KINDS.filter((kind) => folders.includes(kind)).map((kind) => ({
    text: kind.replace("-", " "),
    items: readdirSync(join(API, path, kind))
      .toSorted()
      .map((file) => ({
        text: file.replace(/\.md$/, ""),
        link: `/api/${path}/${kind}/${file.replace(/\.md$/, "")}`,
      })),
  }));
  return [
    { text: path, link: `/api/${path}/`, items },
    ...folders.filter((folder) => !KINDS.includes(folder)).flatMap((folder) => entries(`${path}/${folder}`)),
  ];
}

function foldersIn(path: string): string[] {
  return readdirSync(join(API, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}
