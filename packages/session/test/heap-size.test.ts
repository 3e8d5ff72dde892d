// What the memory store says that a session takes, against what it does take.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

interface Measured {
  readonly kind: string;
  /** Bytes that it takes of the heap, as a share of what is said. */
  readonly share: number;
  readonly kept: number;
}

test("a session of any kind takes no more than is said, and not much less", async () => {
  // Node 22 before 22.18 needs the first one.
  const flags = ["--experimental-strip-types", "--no-warnings"];
  const script = join(import.meta.dirname, "heap-size-process.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script]);
  const measured = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Measured);
  expect(measured).toHaveLength(13);
  for (const { kind, share, kept } of measured) {
    expect({ kind, share, kept }).toEqual({
      kind,
      share: expect.toSatisfy((it: number) => it > 0.33 && it < 1.15),
      kept: 1,
    });
  }
});
