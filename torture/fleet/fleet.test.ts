import { expect, test } from "vitest";
import { hasPostgres, hasRedis } from "../../packages/session/test/servers.ts";
import { shortFleets } from "./fleet.ts";

test.skipIf(!hasRedis || !hasPostgres).each(shortFleets.map((run, index) => ({ run, index })))(
  "no slot runs twice, none is lost while an instance lives, and exclusive runs go one by one: $index",
  async ({ run }) => {
    const { tried, outcome, problems } = await run("short");
    console.log(`${tried}: ${outcome}`);
    expect({ tried, problems }).toEqual({ tried, problems: [] });
  },
);
