// A fleet of schedulers over one database, while everything around it breaks: no slot twice, no slot lost while one lives,
// and with `exclusive` no two runs at a time.
import { setTimeout as sleep } from "node:timers/promises";
import { postgresOnce } from "@hatcheck/scheduler/postgres";
import { Pool } from "pg";
import { startPostgres, startRedis, type TestServer } from "../../packages/session/test/servers.ts";
import { startCutProxy } from "../faults/cut-proxy.ts";
import { Chance } from "../random.ts";
import { type Finding, figure, type Size } from "../report.ts";
import { type LoggedRun, Members, OFFSETS } from "./members.ts";

type Engine = "redis" | "ioredis" | "postgres";
type Mode = "once" | "exclusive";

const NAMES = { redis: "Redis (node-redis)", ioredis: "Redis (ioredis)", postgres: "Postgres" };
const INTERVAL = 500;
/** How long after a fault a slot may still be lost to it, in milliseconds: clocks apart, a start, connecting again. */
const AFTERMATH = 3500;

/** Times at which the database was away, or its connections were cut. */
interface Fault {
  readonly from: number;
  to: number;
}

async function startEngine(engine: Engine): Promise<TestServer> {
  if (engine !== "postgres") return startRedis({ durable: true });
  const server = await startPostgres({ durable: true });
  const pool = new Pool({ connectionString: `postgres://postgres@127.0.0.1:${server.port}/postgres` });
  await postgresOnce(pool).migrate();
  await pool.end();
  return server;
}

/** How long each state of one turn lasts, in milliseconds: between two kills, and while there is no database. */
const PACE: Readonly<Record<Size, number>> = { short: 900, full: 2000 };

/** One turn of breaking things: kills throughout, then the database goes away, then its connections are cut. */
async function breakThings(
  members: Members,
  server: TestServer,
  proxy: { oneIn: number },
  faults: Fault[],
  pace: number,
): Promise<void> {
  const during = async (fault: () => Promise<void>) => {
    const window = { from: Date.now(), to: Infinity };
    faults.push(window);
    await fault();
    window.to = Date.now();
  };
  await sleep(pace);
  await members.killLastRunner();
  await during(async () => {
    await server.kill();
    await sleep(pace / 3);
    await server.start();
  });
  await sleep(pace);
  await members.killLastRunner();
  await sleep(pace);
  await members.killLastRunner();
  await during(async () => {
    proxy.oneIn = 8;
    await sleep(pace);
    await members.killLastRunner();
    proxy.oneIn = 0;
  });
}

function judge(mode: Mode, members: Members, from: number, to: number, faults: readonly Fault[]) {
  const problems: string[] = [];
  const runs = members.runs;
  const times = new Map<number, number>();
  for (const { slot } of runs) times.set(slot, (times.get(slot) ?? 0) + 1);
  for (const [slot, count] of times) if (count > 1) problems.push(`slot ${slot} ran ${count} times`);

  let [slots, once, died, excused] = [0, 0, 0, 0];
  for (let slot = Math.ceil(from / INTERVAL) * INTERVAL; slot <= to; slot += INTERVAL) {
    slots += 1;
    // Every clock comes to a slot at its own time; a fault at any of these times can cost it.
    const isInFault = faults.some((fault) => slot >= fault.from - AFTERMATH && slot <= fault.to + AFTERMATH);
    if (times.has(slot)) once += 1;
    else if (members.diedWithRunner.has(slot)) died += 1;
    else if (members.leftOut.has(slot) && (isInFault || mode === "exclusive")) excused += 1;
    else problems.push(`slot ${slot} was lost${members.leftOut.has(slot) ? "" : " without an event"}`);
  }
  if (once * 4 < slots) problems.push(`${once} of ${slots} slots ran: too few to show anything`);
  if (mode === "exclusive") problems.push(...overlaps(runs));
  if (members.crashes > 0) problems.push(`${members.crashes} processes ended that nobody had killed`);
  return { problems, slots, once, died, excused };
}

/** Runs of an exclusive task that were not one after the other, or whose tokens did not grow. */
function overlaps(runs: readonly LoggedRun[]): string[] {
  const problems: string[] = [];
  for (const [index, run] of runs.entries()) {
    const before = runs[index - 1];
    if (before === undefined) continue;
    if (run.start < before.end) problems.push(`slot ${run.slot} ran while slot ${before.slot} did`);
    if (run.token <= before.token)
      problems.push(`slot ${run.slot} had the token ${run.token} after ${before.token}`);
  }
  return problems;
}

const fleetOver =
  (engine: Engine, mode: Mode) =>
  async (size: Size): Promise<Finding> => {
    const server = await startEngine(engine);
    const proxy = await startCutProxy(server.port, new Chance(1));
    const members = await Members.start(engine, proxy.port, INTERVAL, mode);
    const faults: Fault[] = [];
    try {
      // From here on some process comes to each slot, those whose clocks are ahead included.
      const from = Date.now() + Math.max(...OFFSETS);
      for (let turn = 0; turn < (size === "short" ? 1 : 12); turn += 1) {
        await breakThings(members, server, proxy, faults, PACE[size]);
      }
      // To the last slot come those, too, whose clocks are behind.
      const to = Date.now() + Math.min(...OFFSETS);
      await sleep(Math.max(...OFFSETS) + 1000);
      const { problems, slots, once, died, excused } = judge(mode, members, from, to, faults);
      return {
        area: "Fleet",
        tried:
          `${NAMES[engine]}, ${mode === "exclusive" ? "`exclusive`" : "`once`"}: five schedulers with clocks ±2 s, ` +
          `the last runner killed every ${PACE[size] / 1000} s, the database killed, started again and cut`,
        count: slots,
        unit: "slots",
        outcome:
          `${figure(once)} ran once, none twice${mode === "exclusive" ? ", none beside another" : ""}; ` +
          `${figure(died)} died with their runner, ${figure(excused)} left out with an event ` +
          `(${mode === "exclusive" ? "another run, or " : ""}no database), 0 lost; ` +
          `${members.kills} kills, ${faults.length / 2} restarts, ${proxy.cuts} cuts`,
        problems,
      };
    } finally {
      await members.close();
      await proxy.close();
      await server.close();
    }
  };

/** Every engine, with and without `exclusive`. */
export const fleets: readonly ((size: Size) => Promise<Finding>)[] = (
  ["redis", "ioredis", "postgres"] as const
).flatMap((engine) => [fleetOver(engine, "once"), fleetOver(engine, "exclusive")]);

/** Those that are part of every test run. */
export const shortFleets: typeof fleets = [
  fleetOver("redis", "once"),
  fleetOver("redis", "exclusive"),
  fleetOver("postgres", "once"),
  fleetOver("postgres", "exclusive"),
];
