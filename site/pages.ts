/**
 * The pages of the site: docs/ in reading order, and what else of the repository belongs on it.
 */

export interface Page {
  /** The file, from the repository's root. */
  readonly file: string;
  /** The path on the site, without an extension. */
  readonly path: string;
  /** As the navigation names it. */
  readonly title: string;
}

const doc = (name: string, title: string): Page => ({ file: `docs/${name}.md`, path: `docs/${name}`, title });

/** The navigation's groups. A page of docs/ that is in none of them is found by the tests. */
export const GROUPS: readonly { readonly title: string; readonly pages: readonly Page[] }[] = [
  {
    title: "Guide",
    pages: [
      doc("getting-started", "Getting started"),
      doc("routing", "Routing and handlers"),
      doc("responses", "Responses"),
      doc("bodies", "Bodies and files"),
      doc("files-and-streams", "Files, streams, events"),
      doc("websockets", "WebSockets"),
      doc("layers", "Layers"),
      doc("sessions", "Sessions"),
      doc("logins", "Logins"),
      doc("recipes", "Recipes"),
      doc("device-bound-sessions", "Device-bound sessions"),
      doc("session-stores", "Session stores"),
      doc("scheduler", "Scheduler"),
      doc("websockets", "WebSockets"),
      doc("testing", "Testing"),
      doc("runtimes", "Node, Deno, Bun"),
      doc("deployment", "Deployment"),
      doc("runtimes", "Runtimes and bundlers"),
      doc("errors", "Errors"),
    ],
  },
  {
    title: "Coming from",
    pages: [
      doc("migrating-from-express-session", "express-session"),
      doc("migrating-from-fastify-session", "@fastify/session"),
    ],
  },
  {
    title: "Background",
    pages: [
      doc("architecture", "Architecture"),
      doc("performance", "Performance"),
      doc("reliability", "Reliability"),
      doc("security", "Security"),
      { file: "CONTRIBUTING.md", path: "contributing", title: "Contributing" },
      { file: "SECURITY.md", path: "reporting", title: "Reporting a vulnerability" },
    ],
  },
  {
    title: "Packages",
    pages: ["core", "session", "scheduler"].flatMap((name) => [
      { file: `packages/${name}/README.md`, path: `packages/${name}`, title: `@hatcheck/${name}` },
      {
        file: `packages/${name}/CHANGELOG.md`,
        path: `packages/${name}-changelog`,
        title: `Changes in ${name}`,
      },
    ]),
  },
];

export const PAGES: readonly Page[] = [
  { file: "README.md", path: "index", title: "Hatcheck" },
  ...GROUPS.flatMap(({ pages }) => pages),
];
