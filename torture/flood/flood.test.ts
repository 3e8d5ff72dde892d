import { expect, test } from "vitest";
import { hasPostgres, hasRedis } from "../../packages/session/test/servers.ts";
import { floods } from "./flood.ts";

test.skipIf(!hasRedis || !hasPostgres).each(floods.map((run, index) => ({ run, index })))(
  "a flood leaves nothing behind, and others are served: $index",
  async ({ run }) => {
    const { tried, problems } = await run("short");
    expect({ tried, problems }).toEqual({ tried, problems: [] });
  },
);
