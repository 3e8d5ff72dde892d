// One instance of a fleet of schedulers, whose clock is off by so many milliseconds. It prints each thing that happens, at
// once, so that `kill -9` cannot take a line back.
import { subscribe } from "node:diagnostics_channel";
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, type Once, Scheduler, type SchedulerEvents, type TaskRun } from "@hatcheck/scheduler";

const [engine = "", port = "", offset = "0", interval = "500", mode = "once"] = process.argv.slice(2);
const isExclusive = mode === "exclusive";
const LEASE_MS = 1000;

const print = (...words: (string | number)[]) => writeSync(1, `${words.join(" ")}\n`);

/** Loads the driver of its engine alone: most of the time that a start takes is spent in loading. */
async function connect(): Promise<Once> {
  if (engine === "postgres") {
    const [{ default: pg }, { postgresOnce }] = await Promise.all([
      import("pg"),
      import("@hatcheck/scheduler/postgres"),
    ]);
    const connectionString = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const pool = new pg.Pool({ connectionString, max: 2, connectionTimeoutMillis: 1000 });
    pool.on("error", () => undefined);
    return postgresOnce(pool, { namespace: "fleet", leaseMs: LEASE_MS });
  }
  const { redisOnce } = await import("@hatcheck/scheduler/redis");
  if (engine === "ioredis") {
    const { Redis } = await import("ioredis");
    const client = new Redis(Number(port), "127.0.0.1", { retryStrategy: () => 50, maxRetriesPerRequest: 0 });
    client.on("error", () => undefined);
    return redisOnce(client, { namespace: "fleet", leaseMs: LEASE_MS });
  }
  const { createClient } = await import("redis");
  const client = createClient({
    url: `redis://127.0.0.1:${port}`,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: 50 },
  });
  client.on("error", () => undefined);
  await client.connect();
  return redisOnce(client, { namespace: "fleet", leaseMs: LEASE_MS });
}

const once = await connect();
const clock: Clock = {
  now: () => Date.now() + Number(offset),
  monotonic: () => performance.now(),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

subscribe("hatcheck:scheduler:skipped", (event) => {
  const { scheduledAt, reason } = event as SchedulerEvents["skipped"];
  print("skip", scheduledAt.getTime(), reason);
});
subscribe("hatcheck:scheduler:missed", (event) => {
  const { from, to } = event as SchedulerEvents["missed"];
  print("missed", from.getTime(), to.getTime());
});

async function task({ scheduledAt, fencingToken = 0, signal }: TaskRun): Promise<void> {
  print("start", scheduledAt.getTime(), fencingToken, Date.now());
  if (isExclusive) await sleep(50 + Math.random() * 600, undefined, { signal }).catch(() => undefined);
  print("end", scheduledAt.getTime(), fencingToken, Date.now());
}

const asked: Once = {
  claim: (slot) => {
    print("ask", slot.scheduledAt.getTime());
    return once.claim(slot);
  },
  claimExclusive: async (slot) => {
    print("ask", slot.scheduledAt.getTime());
    return (await once.claimExclusive?.(slot)) ?? "claimed";
  },
};
new Scheduler({ clock, onError: () => undefined })
  .every(Number(interval), task, { name: "shared", once: asked, exclusive: isExclusive })
  .start();
print("ready");
