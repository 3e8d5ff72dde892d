// Starts a contestant with what it needs, and stops all of it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { Client } from "pg";
import { startPostgres, startRedis, type TestServer } from "../packages/session/test/servers.ts";
import { Browser, type Log } from "./browser.ts";
import type { Contestant, Database } from "./contestants.ts";
import type { Running, Settings } from "./promise.ts";

export interface Started extends Running {
  stop(): Promise<void>;
}

const DEFAULT_TTL_SECONDS = 3600;
const START_MS = 15_000;

/** @param visits how many of a load */
export async function start(
  contestant: Contestant,
  { ttl = DEFAULT_TTL_SECONDS, idle, proxied = false }: Settings,
  visits: number,
  log: Log,
): Promise<Started> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "hatcheck-conformance-"));
  const { database } = contestant;
  const server = await startDatabase(database);
  const child = launch(contestant, folder, {
    PORT: String(port),
    TTL_SECONDS: String(ttl),
    ...(idle !== undefined && { IDLE_SECONDS: String(idle) }),
    ...(proxied && { PROXIED: "1" }),
    DATA_DIR: folder,
    REDIS_URL: `redis://127.0.0.1:${server?.port}`,
    DATABASE_URL: `postgres://postgres@127.0.0.1:${server?.port}/postgres`,
  });
  const stop = async (): Promise<void> => {
    await end(child);
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const started: Started = {
    visits,
    allowanceSeconds: contestant.allowanceSeconds ?? 0,
    browser: (name = "browser") => new Browser({ port, log, name, proxied, csrf: contestant.csrf }),
    stored: async () => await dump(database, server, folder),
    memory: () => memoryOf(child.pid ?? 0),
    stopStore: server && (() => server.kill()),
    startStore: server && (() => server.start()),
    stop,
  };
  try {
    await untilAnswers(started, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return started;
}

function launch({ command, id }: Contestant, folder: string, env: Record<string, string>): ChildProcess {
  const [file = "", ...args] = command.map((word) => word.replace("PORT", env["PORT"] ?? ""));
  // Servers that take their address on the command line.
  if (id === "django") args.push("--bind", `127.0.0.1:${env["PORT"]}`);
  if (id === "rack") args.push("--bind", `tcp://127.0.0.1:${env["PORT"]}`);
  return spawn(file, args, {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "production", PHP_CLI_SERVER_WORKERS: "16", ...env },
    stdio: ["ignore", "ignore", process.env["VERBOSE"] === undefined ? "ignore" : "inherit"],
    // A group of its own: some of them start workers.
    detached: true,
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await exit;
}

async function untilAnswers({ browser }: Running, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`it ended with exit code ${child.exitCode}`);
    const answer = await browser("start")
      .get("/me")
      .catch(() => undefined);
    if (answer !== undefined && answer.status < 500) return;
  }
  throw new Error("it did not answer in time; VERBOSE=1 shows what it prints");
}

async function startDatabase(database: Database | undefined): Promise<TestServer | undefined> {
  if (database === "redis") return startRedis({ durable: true });
  return database === "postgres" ? startPostgres() : undefined;
}

async function dump(
  database: Database | undefined,
  server: TestServer | undefined,
  folder: string,
): Promise<readonly string[] | undefined> {
  if (database === "redis") return dumpRedis(server?.port ?? 0);
  if (database === "postgres") return dumpPostgres(server?.port ?? 0);
  return database === "files" ? dumpFiles(folder) : undefined;
}

async function dumpRedis(port: number): Promise<string[]> {
  const client = new Redis(port, "127.0.0.1");
  try {
    const keys = await client.keys("*");
    return await Promise.all(
      keys.map(async (key) => {
        const type = await client.type(key);
        if (type === "string") return `${key} ${await client.get(key)}`;
        if (type === "hash")
          return `${key} ${Object.entries(await client.hgetall(key))
            .flat()
            .join(" ")}`;
        return key;
      }),
    );
  } finally {
    client.disconnect();
  }
}

async function dumpPostgres(port: number): Promise<string[]> {
  const client = new Client({ host: "127.0.0.1", port, user: "postgres" });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
    );
    const tables = rows.map(({ name }) =>
      client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`),
    );
    return (await Promise.all(tables)).flatMap((table) => table.rows.map(({ row }) => row));
  } finally {
    await client.end();
  }
}

/** Rows of SQLite files, and what else lies in the folder. */
function dumpFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const content = readFileSync(path);
    if (!content.subarray(0, 15).equals(Buffer.from("SQLite format 3"))) {
      return /-(wal|shm|journal)$/.test(name) ? [] : [`${name} ${content.toString("latin1")}`];
    }
    const file = new DatabaseSync(path, { readOnly: true });
    try {
      const tables = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      return tables.flatMap((table) =>
        file
          .prepare(`SELECT * FROM "${String(table["name"])}"`)
          .all()
          .map((row) => Object.values(row).join(" ")),
      );
    } finally {
      file.close();
    }
  });
}

/** Bytes that a process and its children take, on Linux; 0 elsewhere. */
function memoryOf(pid: number): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return 0;
  const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(file, "utf8"))?.[1] ?? 0) * 1024;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return children.reduce((sum, child) => sum + memoryOf(Number(child)), own);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** The version of what a contestant is made of; `undefined` when it is not on this machine. */
export function versionOf({ packages, version, id }: Contestant): string | undefined {
  try {
    if (version !== undefined) {
      const [file = "", ...args] = version;
      return execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    }
    if (id.startsWith("hatcheck")) return versionIn(join(import.meta.dirname, "../packages/session"));
    const folder = join(import.meta.dirname, "contestants/node_modules");
    return packages?.map((name) => `${name} ${versionIn(join(folder, name))}`).join(", ");
  } catch {
    return undefined;
  }
}

function versionIn(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  return version;
}
