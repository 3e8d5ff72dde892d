// The memory store in a process that has little memory: it is bounded in bytes, and the process lives.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const SCRIPT = join(import.meta.dirname, "memory-limit-process.ts");

/** What a process has seen that may take so many megabytes; it rejects when the process runs out of them. */
async function seenWith(megabytes: number, scenario: string): Promise<unknown> {
  // Node 22 before 22.18 needs the second one.
  const flags = [`--max-old-space-size=${megabytes}`, "--experimental-strip-types", "--no-warnings"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, SCRIPT, scenario]);
  return JSON.parse(stdout);
}

describe.concurrent("a memory store bounded in bytes", { timeout: 60_000 }, () => {
  test("a token that was cut out of a large form keeps nothing of the form", async () => {
    expect(await seenWith(128, "forms")).toEqual({ sessions: 288, kept: 288 * 32 });
  });

  test("5,000 sessions of 30 kB do not end a process of 128 MB that has said nothing of bytes", async () => {
    expect(await seenWith(128, "unsaid")).toEqual({ sessions: expect.toSatisfy((it: number) => it > 1000) });
  });

  test("5,000 sessions of 64 KiB against 64 MB stay under it, in a process of 128 MB", async () => {
    const seen = { sessions: expect.toSatisfy((it: number) => it > 900 && it < 1000), within: true };
    expect(await seenWith(128, "said")).toEqual(seen);
    expect(await seenWith(128, "growing")).toEqual({ ...seen, saved: 2000 });
  });

  test("one account cannot crowd out others", async () => {
    const seen = { kept: 100, added: 100, anonymous: true, greedy: true };
    expect(await seenWith(128, "account")).toEqual(seen);
  });

  test("users that each have a fair share are not dropped: the next one is refused", async () => {
    expect(await seenWith(128, "full")).toEqual({ all: true, many: true });
  });
});
