import { describe, expect, test } from "vitest";
import { hasPostgres, hasRedis } from "../../packages/session/test/servers.ts";
import { raceLayer } from "./layer.ts";
import { engines, raceStore } from "./races.ts";

const absent: Readonly<Record<string, boolean>> = { Redis: !hasRedis, Postgres: !hasPostgres };

for (const engine of Object.keys(engines)) {
  describe.skipIf(absent[engine] === true)(`A store in ${engine}`, () => {
    test("behaves like its model, also when calls run at once", async () => {
      expect((await raceStore(engine, "short", 1)).problems).toEqual([]);
    });

    test("has all that two tabs did at once, and lets nobody in who left", async () => {
      expect((await raceLayer(engine, "short", 1)).problems).toEqual([]);
    });
  });
}
