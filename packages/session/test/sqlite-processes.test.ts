// Several processes on one file: they open it at once, are killed in the middle, and run out of disk.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";
import { runWorker, WORKER } from "./sqlite-process.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sessions-"));
  file = join(folder, "sessions.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("several processes on one SQLite file", { timeout: 30_000 }, () => {
  test("any of them may be the one that makes it", async () => {
    await Promise.all([1, 2, 3, 4].map(() => runWorker("create", file, "25")));
    using store = new SqliteSessionStore(file, 3600);
    expect(store.len()).toBe(100);
  });

  test("all of them may open a new one at the same moment", async () => {
    const first = String(Date.now() + 1000);
    await Promise.all([1, 2, 3].map(() => runWorker("open", file, first, "100")));
    using store = new SqliteSessionStore(`${file}-99`, 3600);
    expect(store.isEmpty()).toBe(true);
  });

  test("one that is killed in the middle leaves no session half-written, and none without an end", async () => {
    for (const [round, delay] of [0, 17, 31, 53].entries()) {
      const worker = spawn(process.execPath, [...WORKER, "churn", file], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(worker.stdout, "data");
      const watcher = new SqliteSessionStore(file, 3600);
      while (watcher.len() < 50 * (round + 1)) await sleep(5);
      watcher.close();
      await sleep(delay);
      worker.kill("SIGKILL");
      const [, signal] = (await once(worker, "exit")) as [unknown, string];
      expect(signal).toBe("SIGKILL");

      // The next request works.
      using store = new SqliteSessionStore(file, 3600);
      const session = store.create({ userId: "44" });
      expect(store.save(session)).toBe(true);
      expect(store.load(session.id)?.userId).toBe("44");
      expect(store.destroyByUser("44")).toBe(1);

      using db = disposable(new DatabaseSync(file));
      expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
      const rows = db.prepare("SELECT * FROM sessions").all();
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) {
        const { a, b, padding } = JSON.parse(row["data"] as string) as {
          a: number;
          b: number;
          padding?: string;
        };
        expect(a).toBe(b);
        expect(padding?.length).toBe(a < 0 ? 5000 : undefined);
        expect(row["user_id"]).toMatch(/^4[23]$/);
        expect(row["ends_at"]).toBe(row["expires_at"]);
        expect(row["ends_at"]).toBeGreaterThan(Date.now());
      }
      expect(store.listByUser("42").length + store.listByUser("43").length).toBe(rows.length);
    }
  });

  test("a full disk is an outage, and what was stored before stays", async () => {
    // A limit on the size of a file is met like the end of the disk. Blocks of 512 bytes.
    const command = `ulimit -f 400; exec "$0" "$@"`;
    const { stdout } = await promisify(execFile)("sh", [
      "-c",
      command,
      process.execPath,
      ...WORKER,
      "fill",
      file,
    ]);
    expect(JSON.parse(stdout)).toEqual({ name: "SessionStoreUnavailableError", statusCode: 503, kept: true });
    using store = new SqliteSessionStore(file, 3600);
    expect(store.len()).toBeGreaterThan(1);
    expect(store.load(store.create().id)).toBeDefined();
  });
});

function disposable(db: DatabaseSync): DatabaseSync & Disposable {
  return Object.assign(db, { [Symbol.dispose]: () => db.close() });
}
