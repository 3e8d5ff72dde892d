// Hatcheck alone, in the short form: on each store, all promises that are tried in the same settings on one server.
import { afterAll, describe, expect, test } from "vitest";
import { hasPostgres, hasRedis } from "../packages/session/test/servers.ts";
import { closeConnections, type Log } from "./browser.ts";
import { CONTESTANTS } from "./contestants.ts";
import type { Promised } from "./promise.ts";
import { PROMISES } from "./promises.ts";
import { start } from "./start.ts";
import { VISITS } from "./try.ts";

afterAll(closeConnections);

const isThere = { redis: hasRedis, postgres: hasPostgres, files: true };

/** What a store of this kind cannot be tried with. */
const HAS_NO = new Set([
  "hatcheck-memory stolen-database",
  "hatcheck-memory outage",
  "hatcheck-sqlite outage",
]);

const groups = Object.entries(Object.groupBy(PROMISES, ({ settings = {} }) => JSON.stringify(settings))) as [
  string,
  Promised[],
][];

describe.each(CONTESTANTS.filter(({ id }) => id.startsWith("hatcheck")))("$name", (contestant) => {
  const { database = "files", id } = contestant;
  test.skipIf(!isThere[database]).concurrent.each(groups)(
    "keeps what it promises with %s",
    async (_, promises) => {
      const log: Log = [];
      const running = await start(contestant, promises[0]?.settings ?? {}, VISITS.short, log);
      try {
        for (const promised of promises) {
          const outcome = await promised.test(running);
          const expected = HAS_NO.has(`${id} ${promised.id}`) ? "not offered" : "kept";
          expect({ promise: promised.title, ...outcome }).toMatchObject({ result: expected });
        }
      } finally {
        await running.stop();
      }
    },
  );
});
