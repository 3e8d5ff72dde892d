// Real servers for tests: started on free ports of this machine, in a folder of their own, and gone afterwards. What cannot
// be started is `undefined`, and its tests are skipped.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { Client } from "pg";

export interface TestServer {
  readonly port: number;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and what it had stored. */
  start(): Promise<void>;
  /** Stops it without ending it: it answers nobody until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends it for good. */
  close(): Promise<void>;
}

const POSTGRES_FOLDERS = "/usr/lib/postgresql";
const postgresBin = findPostgres();
const redisBin = find("redis-server", (process.env.PATH ?? "").split(delimiter));

export const hasRedis: boolean = redisBin !== undefined;
export const hasPostgres: boolean = postgresBin !== undefined;
if (!hasRedis) console.warn("Skipped: tests over Redis, because there is no redis-server");
if (!hasPostgres) console.warn("Skipped: tests over Postgres, because there is no postgres");

/** A Redis that keeps every write on disk when `durable`, and nothing otherwise. */
export async function startRedis({ durable = false, flags = [] as string[] } = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "session-redis-"));
  const port = await freePort();
  const storage = durable ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
  const args = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...storage, ...flags];
  return startServer(folder, port, async () => {
    const child = spawn(redisBin as string, args.map(String), { stdio: "ignore" });
    await until(async () => {
      const client = new Redis(port, "127.0.0.1", { retryStrategy: () => null, lazyConnect: true });
      client.on("error", () => undefined);
      try {
        await client.connect();
        return (await client.ping()) === "PONG";
      } finally {
        client.disconnect();
      }
    });
    return child;
  });
}

/** A Cluster of three masters. */
export async function startRedisCluster(): Promise<{ ports: number[]; close(): Promise<void> }> {
  const nodes = await Promise.all(
    [1, 2, 3].map(async () => {
      const flags = ["--cluster-enabled", "yes", "--cluster-port", String(await freePort())];
      return { server: await startRedis({ flags }), bus: Number(flags[3]) };
    }),
  );
  const clients = nodes.map(({ server }) => new Redis(server.port, "127.0.0.1"));
  const [first] = nodes;
  const share = Math.ceil(16_384 / nodes.length);
  for (const [index, client] of clients.entries()) {
    const last = Math.min((index + 1) * share, 16_384) - 1;
    await client.call("CLUSTER", "ADDSLOTSRANGE", String(index * share), String(last));
    if (index > 0) {
      await client.call("CLUSTER", "MEET", "127.0.0.1", String(first?.server.port), String(first?.bus));
    }
  }
  for (const client of clients) {
    await until(async () => {
      const info = String(await client.call("CLUSTER", "INFO"));
      return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3");
    });
    client.disconnect();
  }
  return {
    ports: nodes.map(({ server }) => server.port),
    close: async () => void (await Promise.all(nodes.map(({ server }) => server.close()))),
  };
}

/** A Postgres with a database `postgres` and a user `postgres` without a password. */
export async function startPostgres({ durable = false } = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "session-postgres-"));
  const owner = ownerOf(folder);
  const bin = postgresBin as string;
  const init = ["-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"];
  execFileSync(join(bin, "initdb"), init, { ...owner, stdio: "ignore" });
  const port = await freePort();
  const settings = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=60",
    `fsync=${durable}`,
  ];
  const args = ["-D", folder, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
  return startServer(folder, port, async () => {
    const child = spawn(join(bin, "postgres"), args, { ...owner, stdio: "ignore" });
    await until(async () => {
      const client = new Client({ host: "127.0.0.1", port, user: "postgres" });
      client.on("error", () => undefined);
      try {
        await client.connect();
        return (await client.query("SELECT 1")).rows.length === 1;
      } finally {
        await client.end();
      }
    });
    return child;
  });
}

async function startServer(
  folder: string,
  port: number,
  launch: () => Promise<ChildProcess>,
): Promise<TestServer> {
  let child: ChildProcess | undefined = await launch();
  const end = async (): Promise<void> => {
    const ended = child;
    child = undefined;
    if (ended === undefined) return;
    const exit = new Promise((resolve) => ended.once("exit", resolve));
    ended.kill("SIGCONT");
    ended.kill("SIGKILL");
    await exit;
    await until(async () => !(await isListening(port)));
  };
  return {
    port,
    kill: end,
    start: async () => {
      child = await launch();
    },
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    close: async () => {
      await end();
      // A process of Postgres may outlive its parent by a moment.
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** Postgres refuses to run as root. */
function ownerOf(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "postgres"]))) as [
    number,
    number,
  ];
  chownSync(folder, uid, gid);
  return { uid, gid };
}

function findPostgres(): string | undefined {
  const versions = existsSync(POSTGRES_FOLDERS) ? readdirSync(POSTGRES_FOLDERS) : [];
  const folders = versions.map((version) => join(POSTGRES_FOLDERS, version, "bin")).toReversed();
  return folders.find((folder) => existsSync(join(folder, "postgres")));
}

function find(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Waits until a condition holds; what it throws counts as not yet. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      if (await condition()) return;
    } catch (error) {
      if (attempt === 300) throw error;
    }
    if (attempt === 300) throw new Error("it has not come true for 15 seconds");
    await sleep(50);
  }
}
