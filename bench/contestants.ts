// Who is compared, and how each is started.
import { readFileSync } from "node:fs";

export interface Contestant {
  readonly name: string;
  /** A file in servers/. */
  readonly file: string;
  readonly args: readonly string[];
  /** What runs it; Node unless given. */
  readonly runtime?: "bun" | "deno";
  /** The packages whose versions the results name. */
  readonly packages: readonly string[];
}

export const YARDSTICK = "node:http";

export const CONTESTANTS: readonly Contestant[] = [
  { name: YARDSTICK, file: "node-http.mjs", args: [], packages: [] },
  { name: "node:http tuned", file: "node-http.mjs", args: ["tuned"], packages: [] },
  { name: "hatcheck", file: "hatcheck.mjs", args: [], packages: [] },
  { name: "hatcheck lane off", file: "hatcheck.mjs", args: ["memory", "off"], packages: [] },
  { name: "hatcheck-sqlite", file: "hatcheck.mjs", args: ["sqlite"], packages: [] },
  {
    name: "fastify",
    file: "fastify.mjs",
    args: [],
    packages: ["fastify", "@fastify/session", "@fastify/cookie", "@fastify/formbody"],
  },
  { name: "hono", file: "hono.mjs", args: [], packages: ["hono", "@hono/node-server", "hono-sessions"] },
  { name: "express", file: "express.mjs", args: [], packages: ["express", "express-session"] },
  {
    name: "koa",
    file: "koa.mjs",
    args: [],
    packages: ["koa", "koa-session", "@koa/router", "@koa/bodyparser"],
  },
  { name: "h3", file: "h3.mjs", args: [], packages: ["h3"] },
  { name: "Bun.serve", file: "bun-serve.mjs", args: [], runtime: "bun", packages: ["bun"] },
  { name: "hono on Bun", file: "hono-bun.mjs", args: [], runtime: "bun", packages: ["hono", "bun"] },
  { name: "Deno.serve", file: "deno-serve.mjs", args: [], runtime: "deno", packages: ["deno"] },
];

const here = import.meta.dirname;

/** The packages that a contestant is made of, with the versions that are installed. */
export function versionsOf({ name, packages }: Contestant): Record<string, string> {
  if (name.startsWith(YARDSTICK)) return { node: process.versions.node };
  const folders = name.startsWith("hatcheck")
    ? { "@hatcheck/core": `${here}/../packages/core`, "@hatcheck/session": `${here}/../packages/session` }
    : Object.fromEntries(packages.map((each) => [each, `${here}/node_modules/${each}`]));
  return Object.fromEntries(
    Object.entries(folders).map(([each, folder]) => {
      const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { version: string };
      return [each, version];
    }),
  );
}
