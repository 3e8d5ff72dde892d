// Everything that breaks around a server, one after the other.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "../../packages/session/test/remote-stores.ts";
import { startPostgres, startRedis, type TestServer } from "../../packages/session/test/servers.ts";
import { Chance } from "../random.ts";
import type { Finding, Size } from "../report.ts";
import { clockSteps } from "./clock.ts";
import { type CutProxy, startCutProxy } from "./cut-proxy.ts";
import { Fleet } from "./fleet.ts";
import { underLoad } from "./load.ts";

type Run = (size: Size) => Promise<Finding>;
type Engine = "redis" | "ioredis" | "postgres";

const NAMES = { redis: "Redis (node-redis)", ioredis: "Redis (ioredis)", postgres: "Postgres" };

/** A server of its own that keeps every write that it has answered. */
async function startEngine(engine: Engine): Promise<TestServer> {
  if (engine !== "postgres") return startRedis({ durable: true });
  const server = await startPostgres({ durable: true });
  const { store, close } = await openPostgres(server.port, { ttl: 3600 });
  await store.migrate();
  await close();
  return server;
}

async function onFile(run: (file: string, folder: string) => Promise<Finding>): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), "torture-"));
  try {
    return await run(join(folder, "sessions.db"), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function withFleet(args: readonly string[], run: (fleet: Fleet) => Promise<Finding>): Promise<Finding> {
  const fleet = await Fleet.start(args);
  try {
    return await run(fleet);
  } finally {
    await fleet.close();
  }
}

async function withEngine(
  engine: Engine,
  run: (fleet: Fleet, server: TestServer) => Promise<Finding>,
): Promise<Finding> {
  const server = await startEngine(engine);
  try {
    return await withFleet([engine, String(server.port)], (fleet) => run(fleet, server));
  } finally {
    await server.close();
  }
}

/** Stops a database without ending it, for longer than the servers wait. */
async function pauseFor(server: TestServer, ms: number): Promise<void> {
  const processes = treeOf(server.port);
  for (const pid of processes) process.kill(pid, "SIGSTOP");
  await sleep(ms);
  for (const pid of processes.toReversed()) process.kill(pid, "SIGCONT");
}

async function restartAfter(server: TestServer, ms: number): Promise<void> {
  await server.kill();
  await sleep(ms);
  await server.start();
}

/** Cuts so many connections. */
async function cutSome(proxy: CutProxy, count: number): Promise<void> {
  const goal = proxy.cuts + count;
  proxy.oneIn = 40;
  for (let waited = 0; proxy.cuts < goal && waited < 1200; waited += 1) await sleep(50);
  proxy.oneIn = 0;
}

const kills = (size: Size): number => (size === "short" ? 1 : 10);

const killOverSqlite: Run = (size) =>
  onFile((file) =>
    withFleet(["sqlite", file], (fleet) =>
      underLoad({
        tried: "SQLite: `kill -9` of one of three servers",
        count: kills(size),
        fleet,
        strike: (round) => fleet.kill(round % 3),
      }),
    ),
  );

const killOver =
  (engine: Engine): Run =>
  (size) =>
    withEngine(engine, (fleet) =>
      underLoad({
        tried: `${NAMES[engine]}: \`kill -9\` of one of three servers`,
        count: kills(size),
        fleet,
        strike: (round) => fleet.kill(round % 3),
      }),
    );

const restart =
  (engine: Engine): Run =>
  () =>
    withEngine(engine, (fleet, server) =>
      underLoad({
        tried: `${NAMES[engine]} killed, away for half a second, and started again`,
        count: 8,
        fleet,
        strike: () => restartAfter(server, 500),
      }),
    );

const pause =
  (engine: Engine): Run =>
  () =>
    withEngine(engine, (fleet, server) =>
      underLoad({
        tried: `${NAMES[engine]} stopped with SIGSTOP for 2.5 s (servers wait 1 s), and continued`,
        count: 6,
        fleet,
        strike: () => pauseFor(server, 2500),
      }),
    );

const cut =
  (engine: Engine): Run =>
  async () => {
    const server = await startEngine(engine);
    const proxy = await startCutProxy(server.port, new Chance(1));
    const goal = 250;
    try {
      return await withFleet([engine, String(proxy.port)], async (fleet) => {
        const found = await underLoad({
          tried: `${NAMES[engine]}: connections cut between statement and answer`,
          count: 1,
          fleet,
          strike: () => cutSome(proxy, goal),
        });
        return { ...found, count: proxy.cuts, unit: "cuts" };
      });
    } finally {
      await proxy.close();
      await server.close();
    }
  };

/** One of each, one after the other: the short form. */
const oneOfEach =
  (engine: Engine): Run =>
  async () => {
    const server = await startEngine(engine);
    const proxy = await startCutProxy(server.port, new Chance(1));
    try {
      return await withFleet([engine, String(proxy.port)], (fleet) => {
        const strikes = [
          () => fleet.kill(0),
          () => restartAfter(server, 300),
          () => pauseFor(server, 1500),
          () => cutSome(proxy, 15),
        ];
        return underLoad({
          tried: `${NAMES[engine]}: a server killed, the database restarted and paused, connections cut`,
          count: strikes.length,
          fleet,
          strike: async (round) => strikes[round]?.(),
        });
      });
    } finally {
      await proxy.close();
      await server.close();
    }
  };

/** A disk that is full for a while: a small tmpfs where one may be mounted, else files that may not grow. */
const diskFull: Run = (size) =>
  onFile(async (_, folder) => {
    const mounted = mountSmall(folder);
    if (!mounted)
      return notTried(
        "SQLite: disk full",
        "a tmpfs may not be mounted here (a file-size limit is tried by the tests of the package)",
      );
    try {
      return await withFleet(["sqlite", join(folder, "sessions.db")], (fleet) =>
        underLoad({
          tried: "SQLite: disk full (a tmpfs of 32 MB), then room again",
          count: size === "short" ? 1 : 6,
          fleet,
          strike: async () => {
            fill(join(folder, "ballast"));
            await sleep(700);
            rmSync(join(folder, "ballast"));
          },
        }),
      );
    } finally {
      execFileSync("umount", [folder]);
    }
  });

/** Files that refuse every write for a while, also to those who have them open. */
const readOnly: Run = (size) =>
  onFile(async (file) => {
    const wal = `${file}-wal`;
    const set = (flag: string): void => void execFileSync("chattr", [flag, file, wal], { stdio: "ignore" });
    return withFleet(["sqlite", file], async (fleet) => {
      try {
        await sleep(300);
        set("+i");
        set("-i");
      } catch {
        return notTried("SQLite: read-only", "files may not be made immutable here");
      }
      return underLoad({
        tried: "SQLite: file and log read-only (`chattr +i`), then writable again",
        count: size === "short" ? 1 : 6,
        fleet,
        strike: async () => {
          set("+i");
          await sleep(700);
          set("-i");
        },
      });
    });
  });

function mountSmall(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Takes all the room there is. */
function fill(file: string): void {
  for (let bytes = 32 << 20; bytes >= 4096; bytes >>= 1) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      // A smaller piece may still fit.
    }
  }
}

function notTried(tried: string, why: string): Finding {
  return { area: "Faults", tried, count: 0, unit: "faults", outcome: `not tried: ${why}`, problems: [] };
}

/** The processes of the server that was started on a port: Postgres has one for each connection. */
function treeOf(port: number): number[] {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const about = (pid: number, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "latin1");
    } catch {
      return "";
    }
  };
  const isRoot = (pid: number): boolean => {
    const words = about(pid, "cmdline").split("\0");
    // Redis writes its port into its title.
    return (
      (words.includes("-p") && words.includes(String(port))) ||
      words[0]?.endsWith(`redis-server 127.0.0.1:${port}`) === true
    );
  };
  const root = processes.find((pid) => isRoot(pid));
  if (root === undefined) throw new Error(`there is no server on port ${port}`);
  const children = processes.filter((pid) => Number(/\) \S (\d+)/.exec(about(pid, "stat"))?.[1]) === root);
  return [root, ...children];
}

export const faults: readonly Run[] = [
  killOverSqlite,
  killOver("redis"),
  killOver("postgres"),
  restart("redis"),
  restart("ioredis"),
  restart("postgres"),
  pause("redis"),
  pause("ioredis"),
  pause("postgres"),
  cut("redis"),
  cut("ioredis"),
  cut("postgres"),
  diskFull,
  readOnly,
  clockSteps,
];

export const shortFaults: readonly Run[] = [
  killOverSqlite,
  oneOfEach("redis"),
  oneOfEach("ioredis"),
  oneOfEach("postgres"),
  diskFull,
  readOnly,
  clockSteps,
];
