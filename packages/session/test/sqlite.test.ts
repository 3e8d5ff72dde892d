// The ten guarantees on the SQLite store, and several processes on one file.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";
import { type AnyData, storeConformance } from "../src/testkit/conformance.ts";
import { runWorker } from "./sqlite-process.ts";

describe("SqliteSessionStore", { timeout: 30_000 }, () => {
  let folder: string;
  let files = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sessions-"));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  });
  afterAll(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });

  storeConformance(
    (options) => {
      const file = join(folder, `${(files += 1)}.db`);
      return {
        file,
        store: new SqliteSessionStore<AnyData>(file, options),
        other: new SqliteSessionStore<AnyData>(file, options),
      };
    },
    {
      test,
      clock: { advance: (seconds) => void vi.advanceTimersByTime(seconds * 1000) },
      close({ store, other }) {
        store.close();
        other.close();
      },
      dump: ({ file }) =>
        withDatabase(file, (db) => JSON.stringify(db.prepare("SELECT * FROM sessions").all())),
      damage({ file }, handle, text) {
        withDatabase(file, (db) =>
          db.prepare("UPDATE sessions SET data = ? WHERE handle = ?").run(`{"a":${text},"c":"d"}`, handle),
        );
      },
      blockWrites({ file }) {
        const writer = new DatabaseSync(file);
        writer.exec("BEGIN IMMEDIATE");
        return () => writer.close();
      },
      outage({ store }) {
        store.close();
      },
      async countInProcess({ file }, id, key, times) {
        await runWorker("count", file, id, key, `${times}`);
      },
    },
  );
});

function withDatabase<Value>(file: string, run: (db: DatabaseSync) => Value): Value {
  const db = new DatabaseSync(file);
  try {
    return run(db);
  } finally {
    db.close();
  }
}
