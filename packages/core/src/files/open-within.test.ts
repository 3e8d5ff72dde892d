import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWithin } from "./open-within.ts";

let base: string;
let root: string;

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "open-inside-")));
  root = join(base, "root");
  mkdirSync(join(root, "folder"), { recursive: true });
  mkdirSync(join(base, "root-beside"));
  writeFileSync(join(base, "secret"), "secret");
  writeFileSync(join(base, "root-beside/secret"), "secret");
  writeFileSync(join(root, "file"), "public");
  symlinkSync("file", join(root, "link-inside"));
  symlinkSync("../secret", join(root, "link-outside"));
  symlinkSync("../root-beside", join(root, "link-beside"));
  symlinkSync("/dev/zero", join(root, "link-device"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync("nowhere", join(root, "dangling"));
  execFileSync("mkfifo", [join(root, "fifo")]);
});

afterAll(() => rmSync(base, { recursive: true }));

async function contents(...segments: string[]): Promise<string | undefined> {
  const opened = await openWithin(root, segments);
  if (opened === undefined) return undefined;
  try {
    return opened.isDirectory ? "(folder)" : await opened.handle.readFile("utf8");
  } finally {
    await opened.handle.close();
  }
}

describe("a file is opened", () => {
  test("when it lies in the folder, by itself or through a link", async () => {
    expect(await contents("file")).toBe("public");
    expect(await contents("link-inside")).toBe("public");
    expect(await contents("folder")).toBe("(folder)");
    expect(await contents()).toBe("(folder)");
  });

  test.each([
    ["nowhere"],
    ["file", "below"],
    ["dangling"],
    ["loop"],
    ["link-outside"],
    ["link-beside"],
    ["link-beside", "secret"],
    ["link-device"],
    ["..", "secret"],
    ["folder", "..", "..", "secret"],
    ["x".repeat(300)],
  ])("and is not there for %s", async (...segments) => {
    expect(await contents(...segments)).toBeUndefined();
  });

  test("without waiting for the other end of a FIFO, and not at all from a socket or a device", async () => {
    expect(await contents("fifo")).toBeUndefined();
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(join(root, "socket"), resolve);
    });
    expect(await contents("socket")).toBeUndefined();
    server.close();
    expect(await openWithin("/dev", ["zero"])).toBeUndefined();
    expect(await openWithin("/dev", ["null"])).toBeUndefined();
  });

  test("also below the root of the whole file system", async () => {
    const opened = await openWithin("/", join(root, "file").split("/").slice(1));
    expect(opened?.size).toBe(6);
    await opened?.handle.close();
  });

  test("and never one outside, however often it is exchanged for a link meanwhile", async () => {
    const flip = join(root, "flip");
    const stop = new AbortController();
    const exchange = async () => {
      for (let round = 0; !stop.signal.aborted; round += 1) {
        const next = join(root, `.next${round % 2}`);
        if (round % 2 === 0) writeFileSync(next, "public");
        else symlinkSync("../secret", next);
        renameSync(next, flip);
        await nextTurn();
      }
    };
    const exchanging = exchange();
    const seen = new Set<string | undefined>();
    const end = performance.now() + 500;
    while (performance.now() < end || !seen.has("public")) seen.add(await contents("flip"));
    stop.abort();
    await exchanging;
    expect(seen).toContain("public");
    expect(seen).not.toContain("secret");
  });
});
