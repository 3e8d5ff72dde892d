import { expect, test } from "vitest";
import { hasPostgres, hasRedis } from "../../packages/session/test/servers.ts";
import { secrets } from "./secrets.ts";

test.skipIf(!hasRedis || !hasPostgres)(
  "no log, event, error or dump holds what could log somebody in",
  async () => {
    const { problems, count } = await secrets("short");
    expect(problems).toEqual([]);
    expect(count).toBeGreaterThan(10);
  },
);
