import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { createClient } from "redis";
import { describe, expect, test, type TestContext } from "vitest";
import { type Child, startChild } from "./child.ts";
import { isReachable, POSTGRES_URL, REDIS_URL, uniqueName, wireTo } from "./servers.ts";

const INTERVAL = 200;
const SLOTS = 36;
/** How far each instance's clock is ahead, in milliseconds. */
const OFFSETS = [0, 500, 1000, 1500, 2000];
const LARGEST = Math.max(...OFFSETS);

const databases = [
  { name: "Redis", url: REDIS_URL, isUp: await isReachable(REDIS_URL) },
  { name: "Postgres", url: POSTGRES_URL, isUp: await isReachable(POSTGRES_URL) },
];

/** What a test takes away when it is over. The tests run at the same time, so each has to use its own. */
type OnEnd = TestContext["onTestFinished"];

function run(onEnd: OnEnd, url: string, space: string, offset: number): Child {
  const child = startChild("once", url, space, String(offset), String(INTERVAL));
  onEnd(() => void child.process.kill("SIGKILL"));
  return child;
}

function cleanUp(onEnd: OnEnd, url: string, space: string): void {
  onEnd(async () => {
    if (url.startsWith("redis:")) {
      const client = createClient({ url });
      await client.connect();
      for await (const keys of client.scanIterator({ MATCH: `${space}:*`, COUNT: 1000 })) {
        if (keys.length > 0) await client.del(keys);
      }
      client.destroy();
    } else {
      const pool = new Pool({ connectionString: url });
      await pool.query(`DROP TABLE IF EXISTS ${space}`);
      await pool.end();
    }
  });
}

function slotsOf(children: readonly { child: Child }[], word: string): number[] {
  return children.flatMap(({ child: { lines } }) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.slice(word.length + 1))),
  );
}

describe.concurrent.for(databases)("$name", ({ name, url, isUp }) => {
  test.skipIf(!isUp)(
    `${SLOTS} slots, five processes with clocks up to ${LARGEST} ms apart, kill -9 in between: each slot runs once`,
    async ({ onTestFinished }) => {
      const space = uniqueName("once");
      cleanUp(onTestFinished, url, space);
      const start = (offset: number) => ({ offset, child: run(onTestFinished, url, space, offset) });
      const living = OFFSETS.map(start);
      const all = [...living];
      await Promise.all(all.map(({ child }) => child.line("ready")));
      // From here on, some instance comes to each slot; the last one to come to it is the one whose clock is right.
      const first = Math.ceil((Date.now() + LARGEST) / INTERVAL) * INTERVAL;
      const last = first + (SLOTS - 1) * INTERVAL;
      const kills: number[] = [];
      while (Date.now() < last + INTERVAL * 2) {
        await sleep(1200);
        // Every second time the one that is ahead of all others, and so runs most slots; else anyone.
        const n = kills.length % 2 === 0 ? OFFSETS.length - 1 : Math.floor(Math.random() * OFFSETS.length);
        const victim = living[n] as (typeof living)[number];
        // Between two slots by its own clock: a slot it has claimed, it has run.
        await sleep(INTERVAL - ((Date.now() + victim.offset - INTERVAL / 2) % INTERVAL));
        victim.child.process.kill("SIGKILL");
        kills.push(victim.offset);
        await victim.child.ended;
        await sleep(200);
        living[n] = start(victim.offset);
        all.push(living[n]);
      }

      const runs = new Map<number, number>();
      for (const slot of slotsOf(all, "run")) runs.set(slot, (runs.get(slot) ?? 0) + 1);
      const wanted = Array.from({ length: SLOTS }, (_, n) => first + n * INTERVAL);
      const count = (times: number) => wanted.filter((slot) => (runs.get(slot) ?? 0) === times).length;
      const twice = [...runs.values()].filter((times) => times > 1).length;
      const share = OFFSETS.map((offset) => {
        const own = all.filter((entry) => entry.offset === offset);
        return `+${offset} ms ran ${slotsOf(own, "run").filter((slot) => slot >= first && slot <= last).length}`;
      });
      console.log(
        `${name}: ${SLOTS} slots, ${kills.length} kills; run once ${count(1)}, never ${count(0)}, ` +
          `twice or more ${twice}; by clock: ${share.join(", ")}`,
      );
      expect(twice).toBe(0);
      expect(count(1)).toBe(SLOTS);
    },
    60_000,
  );

  test.skipIf(!isUp)(
    "while the database is away, slots are skipped with an event; afterwards it goes on by itself",
    async ({ onTestFinished }) => {
      const space = uniqueName("down");
      cleanUp(onTestFinished, url, space);
      const wire = await wireTo(url);
      onTestFinished(() => wire.cut());
      const child = run(onTestFinished, wire.url, space, 0);
      await child.line("run");
      await wire.cut();
      const cut = Date.now();
      await child.line("unavailable");
      await sleep(4 * INTERVAL);
      await wire.mend();
      const mended = Date.now();
      while (Math.max(...slotsOf([{ child }], "run")) < mended) await sleep(50);
      const ran = slotsOf([{ child }], "run").filter((slot) => slot > cut && slot < mended - INTERVAL);
      const skipped = slotsOf([{ child }], "unavailable").filter((slot) => slot > cut);
      expect(ran).toEqual([]);
      expect(skipped.length).toBeGreaterThanOrEqual(3);
      expect(child.process.exitCode).toBeNull();
    },
    30_000,
  );
});
