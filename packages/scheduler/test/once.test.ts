// What a fleet does when its processes die and their clocks differ is tried by torture/fleet.
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { createClient } from "redis";
import { describe, expect, test, type TestContext } from "vitest";
import { type Child, startChild } from "./child.ts";
import { isReachable, POSTGRES_URL, REDIS_URL, uniqueName, wireTo } from "./servers.ts";

const INTERVAL = 200;

const databases = [
  { name: "Redis", url: REDIS_URL, isUp: await isReachable(REDIS_URL) },
  { name: "Postgres", url: POSTGRES_URL, isUp: await isReachable(POSTGRES_URL) },
];

/** What a test takes away when it is over. The tests run at the same time, so each has to use its own. */
type OnEnd = TestContext["onTestFinished"];

function run(onEnd: OnEnd, url: string, space: string): Child {
  const child = startChild("once", url, space, String(INTERVAL));
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
      await pool.query(`DROP TABLE IF EXISTS ${space}, ${space}_lease`);
      await pool.end();
    }
  });
}

function slotsOf(children: readonly { child: Child }[], word: string): number[] {
  return children.flatMap(({ child: { lines } }) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.slice(word.length + 1))),
  );
}

describe.concurrent.for(databases)("$name", ({ url, isUp }) => {
  test.skipIf(!isUp)(
    "while the database is away, slots are skipped with an event; afterwards it goes on by itself",
    async ({ onTestFinished }) => {
      const space = uniqueName("down");
      cleanUp(onTestFinished, url, space);
      const wire = await wireTo(url);
      onTestFinished(() => wire.cut());
      const child = run(onTestFinished, wire.url, space);
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
