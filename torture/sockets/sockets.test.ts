import { expect, test } from "vitest";
import { sockets } from "./sockets.ts";

test.each(sockets.map((run) => ({ run, name: run.name })))(
  "$name: answered or closed, and the next client is served",
  async ({ run }) => {
    expect((await run("short")).problems).toEqual([]);
  },
);
