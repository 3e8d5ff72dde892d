// Looks for what could log somebody in, wherever people who are not that somebody look: the databases' own files, dumps,
// logs, events and errors.
import { execFileSync } from "node:child_process";
import { type Channel, channel } from "node:diagnostics_channel";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, inspect } from "node:util";
import { accessLog, App, type Request, requestId, Response, TestClient } from "@hatcheck/core";
import { sessionLayer, SessionStore, type Store } from "@hatcheck/session";
import { SqliteSessionStore } from "@hatcheck/session/sqlite";
import type { AnyData } from "@hatcheck/session/testkit";
import { Redis } from "ioredis";
import { openPostgres, openRedis } from "../../packages/session/test/remote-stores.ts";
import { startPostgres, startRedis } from "../../packages/session/test/servers.ts";
import { figure, type Finding, type Size } from "../report.ts";

const CHANNELS = [
  ...["start", "end", "error"].map((name) => `hatcheck.request.${name}`),
  ...["created", "loaded", "saved", "regenerated", "destroyed", "expired", "refused", "outage"].map(
    (name) => `hatcheck.session.${name}`,
  ),
];

/** What was written where others read. */
interface Watched {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A store with the files that it leaves behind. */
interface Site {
  readonly name: string;
  readonly store: Store<AnyData>;
  /** Everything that a thief may get hold of. */
  remains(): Promise<Watched[]>;
  /** Makes it fail. */
  breakDown(): Promise<void>;
  close(): Promise<void>;
}

const OPTIONS = { ttl: 3600, maxBytes: 2000 };
/** How long a database may be away, in milliseconds, before it is an outage. */
const PATIENT = { ...OPTIONS, timeoutMs: 500 };

async function memorySite(): Promise<Site> {
  const nothing = async (): Promise<void> => undefined;
  return {
    name: "memory",
    store: new SessionStore<AnyData>(OPTIONS),
    remains: async () => [],
    breakDown: nothing,
    close: nothing,
  };
}

async function sqliteSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "torture-"));
  const store = new SqliteSessionStore<AnyData>(join(folder, "sessions.db"), PATIENT);
  return {
    name: "SQLite",
    store,
    remains: async () => filesIn(folder),
    breakDown: async () => store.close(),
    close: async () => rmSync(folder, { recursive: true }),
  };
}

async function redisSite(): Promise<Site> {
  const server = await startRedis({ durable: true });
  const { store, close } = await openRedis("ioredis", [server.port], PATIENT);
  const node = new Redis(server.port, "127.0.0.1");
  node.on("error", () => undefined);
  await node.config("SET", "slowlog-log-slower-than", "0");
  await node.config("SET", "slowlog-max-len", "100000");
  const [, folder = ""] = (await node.config("GET", "dir")) as string[];
  return {
    name: "Redis",
    store,
    remains: async () => {
      await node.save();
      const slow = Buffer.from(
        inspect(await node.slowlog("GET", 100_000), {
          maxArrayLength: null,
          maxStringLength: null,
          depth: 9,
        }),
      );
      return [{ name: "slow log", bytes: slow }, ...filesIn(folder)];
    },
    breakDown: () => server.kill(),
    close: async () => {
      node.disconnect();
      await close();
      await server.close();
    },
  };
}

async function postgresSite(): Promise<Site> {
  const server = await startPostgres();
  const { store, close, pool } = await openPostgres(server.port, PATIENT);
  await store.migrate();
  const { rows } = await pool.query<{ data_directory: string }>("SHOW data_directory");
  const [version = ""] = readdirSync("/usr/lib/postgresql");
  return {
    name: "Postgres",
    store,
    remains: async () => {
      await pool.query("CHECKPOINT");
      const args = ["-h", "127.0.0.1", "-p", String(server.port), "-U", "postgres", "postgres"];
      const dump = execFileSync(`/usr/lib/postgresql/${version}/bin/pg_dump`, args, { maxBuffer: 1 << 30 });
      return [{ name: "pg_dump", bytes: dump }, ...filesIn(rows[0]?.data_directory ?? "")];
    },
    breakDown: () => server.kill(),
    close: async () => {
      await close();
      await server.close();
    },
  };
}

function filesIn(folder: string): Watched[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
}

/** Visits, mistakes and an outage over each store, and then the search. */
export async function secrets(size: Size): Promise<Finding> {
  const visits = size === "short" ? 30 : 200;
  const problems: string[] = [];
  let searched = 0;
  let bytes = 0;
  let ids = 0;
  let tried = 0;
  for (const open of [memorySite, sqliteSite, redisSite, postgresSite]) {
    const site = await open();
    try {
      const logged: string[] = [];
      const issued = await watch(logged, () => visit(site, visits));
      const places = [
        { name: "logs, events and errors", bytes: Buffer.from(logged.join("\n")) },
        ...(await site.remains()),
      ];
      ids += issued.length;
      // That the search finds what is there: handles may be seen.
      const [first = ""] = issued;
      if (!places.some(({ bytes: found }) => found.includes(first.slice(0, 22))))
        problems.push(`${site.name}: not even a handle is found`);
      for (const place of places) {
        searched += 1;
        bytes += place.bytes.length;
        for (const id of issued) {
          const form = formsOf(id).find((it) => place.bytes.includes(it));
          if (form !== undefined) problems.push(`${site.name}: an id stands in ${place.name}`);
        }
      }
      // Whoever steals all that tries everything in it that could be an id.
      const candidates = new Set(places.slice(0, 40).flatMap((place) => candidatesIn(place.bytes)));
      for (const candidate of [...candidates].slice(0, size === "short" ? 2_000 : 20_000)) {
        tried += 1;
        if ((await site.store.load(candidate)) !== undefined)
          problems.push(`${site.name}: what was found opens a session`);
      }
      await watch(logged, () => fail(site, issued));
      const text = logged.join("\n");
      if (issued.some((id) => text.includes(secretOf(id))))
        problems.push(`${site.name}: an id stands in the log of an outage`);
    } finally {
      await site.close();
    }
  }
  return {
    area: "Secrets",
    tried:
      "logs, events, errors, SQLite's files, Redis' RDB, AOF and slow log, Postgres' files, WAL and pg_dump",
    count: searched,
    unit: "places",
    outcome: `${figure(ids)} ids, each as text, hex and bytes, in ${figure(bytes / 2 ** 20)} MiB: none found; ${figure(tried)} texts from there tried as ids: none opens a session`,
    problems: [...new Set(problems)],
  };
}

/** Collects what is printed, logged and published while something runs. */
async function watch<Value>(logged: string[], run: () => Promise<Value>): Promise<Value> {
  // A listener gets the request itself, with its cookies: it is asked for what it shows when it is printed.
  const take = (message: unknown): void =>
    void logged.push(inspect(message, { depth: 9, maxStringLength: null }), JSON.stringify(message) ?? "");
  const channels: Channel[] = CHANNELS.map((name) => channel(name));
  for (const it of channels) it.subscribe(take);
  // Test runners have a console of their own, which writes to no stream of this process.
  const methods = ["log", "info", "warn", "error"] as const;
  const consoles = methods.map((method) => console[method]);
  for (const method of methods) console[method] = (...words) => void logged.push(format(...words));
  const streams = [process.stdout, process.stderr] as const;
  const writes = streams.map((stream) => stream.write.bind(stream));
  for (const stream of streams) {
    stream.write = (chunk: string | Uint8Array): boolean => {
      logged.push(String(chunk));
      return true;
    };
  }
  try {
    return await run();
  } finally {
    for (const [index, stream] of streams.entries()) stream.write = writes[index] as typeof stream.write;
    for (const [index, method] of methods.entries()) console[method] = consoles[index] as typeof console.log;
    for (const it of channels) it.unsubscribe(take);
  }
}

function appOf(store: Store<AnyData>): App<undefined> {
  const sessions = sessionLayer(store, { recordClient: true });
  const of = async (req: Request) => sessions.of(req);
  return new App(undefined)
    .wrap(requestId())
    .wrap(accessLog())
    .wrap(sessions)
    .post("/login", async (req) => {
      const session = await of(req);
      session.set("cart", "book");
      session.login("ada");
      return Response.empty(204);
    })
    .get("/read", async (req) => Response.json(200, { name: (await of(req)).get("cart") }))
    .post("/large", async (req) => {
      (await of(req)).set("fat", "x".repeat(5000));
      return Response.empty(204);
    })
    .post("/throw", async (req) => {
      const session = await of(req);
      throw new Error(`of ${session.handle}`);
    })
    .post("/regenerate", async (req) => {
      (await of(req)).regenerate();
      return Response.empty(204);
    })
    .post("/logout", async (req) => {
      (await of(req)).logout();
      return Response.empty(204);
    });
}

/** Gives all ids that were issued, those that are over too. */
async function visit({ store }: Site, visits: number): Promise<string[]> {
  const app = appOf(store);
  const ids: string[] = [];
  for (let count = 0; count < visits; count += 1) {
    const client = new TestClient(app);
    for (const path of [
      "/login",
      "/large",
      "/throw",
      "/regenerate",
      "/login",
      "/read",
      ...(count % 2 === 0 ? ["/logout"] : []),
    ]) {
      await (path === "/read" ? client.get(path) : client.post(path)).send();
      const id = client.cookie("sid");
      if (id !== undefined && !ids.includes(id)) ids.push(id);
    }
  }
  const own = "my-own-id-that-somebody-has-made.hard-to-guess";
  const session = await store.createWithId(own, { userId: "bob" });
  ids.push(session.id);
  try {
    await store.createWithId(own);
  } catch (error) {
    console.error(error);
  }
  return ids;
}

/** Asks a store that cannot answer, with ids that are good. */
async function fail(site: Site, ids: readonly string[]): Promise<void> {
  await site.breakDown();
  const app = appOf(site.store);
  for (const id of ids.slice(-3)) {
    const client = new TestClient(app);
    client.setCookie("sid", id);
    await client.get("/read").send();
    await client.post("/login").send();
  }
}

/** The part that proves the right to a session: of a generated id what follows the handle. */
function secretOf(id: string): string {
  return /^[\w-]{22}\.([\w-]{43})$/.exec(id)?.[1] ?? id;
}

function formsOf(id: string): Buffer[] {
  const secret = secretOf(id);
  const bytes = Buffer.from(secret, "base64url");
  return [
    Buffer.from(secret),
    bytes,
    Buffer.from(bytes.toString("hex")),
    Buffer.from(Buffer.from(secret).toString("hex")),
  ];
}

function candidatesIn(bytes: Buffer): string[] {
  const tokens = bytes.toString("latin1").match(/[A-Za-z0-9._~-]{20,256}/g) ?? [];
  const handles = tokens.filter((token) => token.length === 22);
  const hashes = tokens.filter((token) => token.length === 43);
  return [
    ...tokens,
    ...handles.slice(0, 50).flatMap((handle) => hashes.slice(0, 50).map((hash) => `${handle}.${hash}`)),
  ];
}
