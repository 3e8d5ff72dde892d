import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSessionFile } from "./sqlite-file.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sessions-"));
  file = join(folder, "sessions.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** A file as somebody else has left it. */
function prepareFile(sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

describe("the file of sessions", () => {
  test("nobody else may read it, whatever the umask", () => {
    const umask = process.platform === "win32" ? 0 : 0o077;
    const db = openSessionFile(file, 1000);
    db.exec("BEGIN IMMEDIATE; DELETE FROM sessions; COMMIT");
    for (const name of [file, `${file}-wal`, `${file}-shm`]) {
      expect((statSync(name).mode & umask).toString(8)).toBe("0");
    }
    db.close();
  });

  test("a mode that was set on it stays", () => {
    openSessionFile(file, 1000).close();
    chmodSync(file, 0o640);
    openSessionFile(file, 1000).close();
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test("it is in WAL mode, waits for its turn, and says which schema it has", () => {
    const db = openSessionFile(file, 1234);
    expect(pragma(db, "journal_mode")).toBe("wal");
    expect(pragma(db, "busy_timeout")).toBe(1234);
    expect(pragma(db, "user_version")).toBe(2);
    db.close();
  });

  test("it is opened again as it was", () => {
    openSessionFile(file, 1000).close();
    const db = openSessionFile(file, 1000);
    expect(pragma(db, "schema_version")).toBe(13);
    db.close();
  });

  test("an empty file becomes one", () => {
    writeFileSync(file, "");
    openSessionFile(file, 1000).close();
    expect(statSync(file).size).toBeGreaterThan(0);
  });

  test("`:memory:` makes no file", () => {
    openSessionFile(":memory:", 1000).close();
    expect(existsSync(":memory:")).toBe(false);
  });

  test("a name that looks like a URI is a name", () => {
    const here = process.cwd();
    process.chdir(folder);
    try {
      openSessionFile("file:a.db?mode=memory", 1000).close();
      expect(statSync("file:a.db?mode=memory").size).toBeGreaterThan(0);
    } finally {
      process.chdir(here);
    }
  });

  test.each([
    [
      "of a newer version",
      "PRAGMA application_id = 1213481800; PRAGMA user_version = 99",
      /newer Hatcheck \(schema 99/,
    ],
    ["of another application", "CREATE TABLE users (id)", /another application/],
    [
      "with another application's version",
      "PRAGMA user_version = 1; CREATE TABLE sessions (id)",
      /another application/,
    ],
  ])("a file %s is refused and left alone", (_, sql, message) => {
    prepareFile(sql);
    const before = statSync(file).mtimeMs;
    expect(() => openSessionFile(file, 1000)).toThrow(message);
    expect(() => openSessionFile(file, 1000)).toThrow(file);
    expect(statSync(file).mtimeMs).toBe(before);
  });

  test("what is no database is refused by name", () => {
    writeFileSync(file, "no database at all, but text that is long enough to be looked at as one".repeat(20));
    expect(() => openSessionFile(file, 1000)).toThrow(`cannot use ${file}: file is not a database`);
  });

  test("a folder that is not there is refused by name", () => {
    const path = join(folder, "missing", "sessions.db");
    expect(() => openSessionFile(path, 1000)).toThrow(`cannot use ${path}: ENOENT`);
    expect(() => openSessionFile(folder, 1000)).toThrow(`cannot use ${folder}: EISDIR`);
  });
});
