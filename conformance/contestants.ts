// Who is tried, how each is started, and what their documentation says that they do not promise.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export type Database = "redis" | "postgres" | "files";

export interface Contestant {
  /** As the command line has it. */
  readonly id: string;
  /** As the table has it. */
  readonly name: string;
  readonly command: readonly string[];
  /** Where its sessions are kept outside of it; the server's memory or the browser unless given. */
  readonly database?: Database;
  readonly csrf?: { readonly cookie: string; readonly header: string };
  /** Packages whose versions the table names. */
  readonly packages?: readonly string[];
  /** A command that prints the version, where there is no package. */
  readonly version?: readonly string[];
  /** How much longer than told it lets sessions live, for clocks that differ. */
  readonly allowanceSeconds?: number;
  /** The browser holds the data itself: there are no ids. */
  readonly hasNoIds?: boolean;
  /** Promises that the documentation excludes on purpose: the sentence, and where it stands. */
  readonly byDesign?: Readonly<Record<string, { readonly says: string; readonly at: string }>>;
}

const here = fileURLToPath(new URL(".", import.meta.url));
const node = (file: string, ...args: string[]): string[] => [
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  join(here, file),
  ...args,
];

const SECURE_SESSION = {
  says: "an attacker could impersonate a user if the cookie is leaked",
  at: "https://github.com/fastify/fastify-secure-session#security-notice",
};

const IRON_SESSION = {
  says: "Sessions cannot be instantly invalidated",
  at: "https://github.com/vvo/iron-session#how-to-invalidate-sessions",
};

const hatcheck = (store: string, database?: Database): Contestant => ({
  id: `hatcheck-${store}`,
  name: `Hatcheck, ${store}`,
  command: node("servers/hatcheck.ts", store),
  ...(database !== undefined && { database }),
});

export const CONTESTANTS: readonly Contestant[] = [
  hatcheck("memory"),
  hatcheck("sqlite", "files"),
  hatcheck("redis", "redis"),
  hatcheck("postgres", "postgres"),
  {
    id: "express-session",
    name: "express-session, memory",
    command: node("contestants/express.mjs", "memory"),
    packages: ["express", "express-session"],
    byDesign: {
      "anonymous-visits": {
        says: "The default server-side session storage, MemoryStore, is purposely not designed for a production environment.",
        at: "https://github.com/expressjs/session#sessionoptions",
      },
    },
  },
  {
    id: "express-session-redis",
    name: "express-session, connect-redis",
    command: node("contestants/express.mjs", "redis"),
    database: "redis",
    packages: ["express", "express-session", "connect-redis", "redis"],
  },
  {
    id: "express-session-postgres",
    name: "express-session, connect-pg-simple",
    command: node("contestants/express.mjs", "postgres"),
    database: "postgres",
    packages: ["express", "express-session", "connect-pg-simple", "pg"],
  },
  {
    id: "fastify-session",
    name: "@fastify/session, memory",
    command: node("contestants/fastify.mjs", "memory"),
    packages: ["fastify", "@fastify/session"],
  },
  {
    id: "fastify-session-redis",
    name: "@fastify/session, connect-redis",
    command: node("contestants/fastify.mjs", "redis"),
    database: "redis",
    packages: ["fastify", "@fastify/session", "connect-redis"],
  },
  {
    id: "fastify-secure-session",
    hasNoIds: true,
    name: "@fastify/secure-session",
    command: node("contestants/fastify-secure.mjs"),
    packages: ["fastify", "@fastify/secure-session"],
    byDesign: { logout: SECURE_SESSION },
  },
  {
    id: "koa-session",
    hasNoIds: true,
    name: "koa-session, cookie",
    command: node("contestants/koa.mjs"),
    packages: ["koa", "koa-session"],
  },
  {
    id: "hono-sessions",
    name: "hono-sessions, memory",
    command: node("contestants/hono.mjs"),
    packages: ["hono", "hono-sessions"],
  },
  {
    id: "h3",
    hasNoIds: true,
    name: "h3 useSession",
    command: node("contestants/h3.mjs"),
    packages: ["h3"],
  },
  {
    id: "iron-session",
    hasNoIds: true,
    name: "iron-session",
    command: node("contestants/iron-session.mjs"),
    packages: ["iron-session"],
    allowanceSeconds: 60,
    byDesign: { logout: IRON_SESSION, "logout-slow-request": IRON_SESSION },
  },
  {
    id: "react-router",
    hasNoIds: true,
    name: "React Router, cookie",
    command: node("contestants/react-router.mjs"),
    packages: ["react-router"],
  },
  {
    id: "better-auth",
    name: "better-auth, Postgres",
    command: node("contestants/better-auth.mjs"),
    database: "postgres",
    packages: ["better-auth"],
  },
  {
    id: "django",
    name: "Django, SQLite",
    command: [
      "/usr/bin/python3",
      "-m",
      "gunicorn",
      "--threads",
      "16",
      "--chdir",
      join(here, "contestants"),
      "django_server:application",
    ],
    database: "files",
    csrf: { cookie: "csrftoken", header: "x-csrftoken" },
    version: ["/usr/bin/python3", "-c", "import django; print(django.get_version())"],
  },
  {
    id: "rack",
    name: "Rack::Session::Pool",
    command: [
      "puma",
      "--environment",
      "production",
      "--threads",
      "16:16",
      "--quiet",
      join(here, "contestants/rack.ru"),
    ],
    version: ["ruby", "-e", 'require "rack"; puts Rack.release'],
  },
  {
    id: "php",
    name: "PHP, files",
    command: ["php", "-S", "127.0.0.1:PORT", join(here, "contestants/php.php")],
    database: "files",
    version: ["php", "-r", "echo PHP_VERSION;"],
  },
];
