import { expect, test } from "vitest";
import { hasPostgres, hasRedis } from "../../packages/session/test/servers.ts";
import { shortFaults } from "./faults.ts";

test.skipIf(!hasRedis || !hasPostgres).each(shortFaults.map((run, index) => ({ run, index })))(
  "nothing that was acknowledged is lost, and nobody who left is let in, whatever breaks: $index",
  async ({ run }) => {
    const { tried, problems } = await run("short");
    expect({ tried, problems }).toEqual({ tried, problems: [] });
  },
);
