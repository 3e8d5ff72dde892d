import { expect, test } from "vitest";
import { hasPostgres, hasRedis } from "../../packages/session/test/servers.ts";
import { shortFleets } from "./fleet.ts";

// All at once: each has a database of its own, and mostly waits.
test.skipIf(!hasRedis || !hasPostgres).concurrent.each(shortFleets.map((run, index) => ({ run, index })))(
  "no slot runs twice, none is lost while an instance lives, and exclusive runs go one by one: $index",
  async ({ run }) => {
    const { tried, outcome, problems } = await run("short");
    console.log(`${tried}: ${outcome}`);
    expect({ tried, problems }).toEqual({ tried, problems: [] });
  },
);
