import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { createClient } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Child, startChild } from "./child.ts";
import { isReachable, POSTGRES_URL, REDIS_URL, uniqueName, wireTo } from "./servers.ts";

const INTERVAL = 250;
const SLOTS = 60;
/** How far each instance's clock is ahead, in milliseconds. */
const OFFSETS = [0, 500, 1000, 1500, 2000];
const LARGEST = Math.max(...OFFSETS);

const databases = [
  { name: "Redis", url: REDIS_URL, isUp: await isReachable(REDIS_URL) },
  { name: "Postgres", url: POSTGRES_URL, isUp: await isReachable(POSTGRES_URL) },
];

function run(url: string, space: string, offset: number): Child {
  const child = startChild("once", url, space, String(offset), String(INTERVAL));
  onTestFinished(() => void child.process.kill("SIGKILL"));
  return child;
}

/** Takes the keys or the table of a test away when it is over. */
function cleanUp(url: string, space: string): void {
  onTestFinished(async () => {
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

function slotsOf(children: readonly Child[], word: string): number[] {
  return children.flatMap(({ lines }) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.slice(word.length + 1))),
  );
}

describe.for(databases)("$name", ({ name, url, isUp }) => {
  test.skipIf(!isUp)(
    `${SLOTS} slots, five processes with clocks up to ${LARGEST} ms apart, kill -9 in between: each slot runs once`,
    async () => {
      const space = uniqueName("once");
      cleanUp(url, space);
      const children = OFFSETS.map((offset) => ({ offset, child: run(url, space, offset) }));
      const all = children.map(({ child }) => child);
      await Promise.all(all.map((child) => child.line("ready")));
      // From here on, some instance comes to each slot; the last one to come to it is the one whose clock is right.
      const first = Math.ceil((Date.now() + LARGEST) / INTERVAL) * INTERVAL;
      const last = first + (SLOTS - 1) * INTERVAL;
      const kills: number[] = [];
      while (Date.now() < last + INTERVAL * 2) {
        await sleep(1200);
        const victim = children[Math.floor(Math.random() * children.length)] as (typeof children)[number];
        // Between two slots by its own clock: a slot it has claimed, it has run.
        await sleep(INTERVAL - ((Date.now() + victim.offset - INTERVAL / 2) % INTERVAL));
        victim.child.process.kill("SIGKILL");
        kills.push(victim.offset);
        await victim.child.ended;
        await sleep(200);
        victim.child = run(url, space, victim.offset);
        all.push(victim.child);
      }

      const runs = new Map<number, number>();
      for (const slot of slotsOf(all, "run")) runs.set(slot, (runs.get(slot) ?? 0) + 1);
      const wanted = Array.from({ length: SLOTS }, (_, n) => first + n * INTERVAL);
      const count = (times: number) => wanted.filter((slot) => (runs.get(slot) ?? 0) === times).length;
      const twice = [...runs.values()].filter((times) => times > 1).length;
      const share = OFFSETS.map((offset) => {
        const ran = children.map((entry) => entry.offset).indexOf(offset);
        return `+${offset} ms: ${
          slotsOf(
            all.filter((_, n) => n === ran),
            "run",
          ).length
        }`;
      });
      console.log(
        `${name}: ${SLOTS} slots, ${kills.length} kills (of +${kills.join(", +")} ms); run once ${count(1)}, ` +
          `never ${count(0)}, twice or more ${twice}; by the first five processes: ${share.join(", ")}`,
      );
      expect(twice).toBe(0);
      expect(count(1)).toBe(SLOTS);
    },
    60_000,
  );

  test.skipIf(!isUp)(
    "while the database is away, slots are skipped with an event; afterwards it goes on by itself",
    async () => {
      const space = uniqueName("down");
      cleanUp(url, space);
      const wire = await wireTo(url);
      onTestFinished(() => wire.cut());
      const child = run(wire.url, space, 0);
      await child.line("run");
      await wire.cut();
      const cut = Date.now();
      await child.line("unavailable");
      await sleep(4 * INTERVAL);
      await wire.mend();
      const mended = Date.now();
      while (Math.max(...slotsOf([child], "run")) < mended) await sleep(50);
      const ran = slotsOf([child], "run").filter((slot) => slot > cut && slot < mended - INTERVAL);
      const skipped = slotsOf([child], "unavailable").filter((slot) => slot > cut);
      expect(ran).toEqual([]);
      expect(skipped.length).toBeGreaterThanOrEqual(3);
      expect(child.process.exitCode).toBeNull();
    },
    30_000,
  );
});
