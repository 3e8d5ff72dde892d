import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { SessionEndedError, SessionSchemaError, SessionStoreUnavailableError } from "../model/errors.ts";
import { SqliteSessionStore } from "./sqlite-store.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sessions-"));
  file = join(folder, "sessions.db");
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

describe("SqliteSessionStore", () => {
  test("sessions survive a restart", () => {
    const before = new SqliteSessionStore(file, 3600);
    const { id } = before.create({ data: { user: "ada" } });
    before.close();
    using after = new SqliteSessionStore(file, 3600);
    expect(after.load(id)?.get("user")).toBe("ada");
  });

  test("without a file, sessions last as long as the store", () => {
    using store = new SqliteSessionStore(":memory:", 3600);
    const { id } = store.create({ data: { user: "ada" } });
    expect(store.load(id)?.get("user")).toBe("ada");
    using other = new SqliteSessionStore(":memory:", 3600);
    expect(other.isEmpty()).toBe(true);
  });

  test.each([
    ["", 3600, TypeError, /the path must be that of a file/],
    [":memory:", -1, RangeError, /ttl/],
    [":memory:", { ttl: 1, timeoutMs: -1 }, RangeError, /timeoutMs/],
    [":memory:", { ttl: 1, timeoutMs: Number.NaN }, TypeError, /timeoutMs/],
  ])("a path or option that is wrong is named: %j %j", (path, options, kind, message) => {
    expect(() => new SqliteSessionStore(path, options)).toThrow(kind);
    expect(() => new SqliteSessionStore(path, options)).toThrow(message);
  });

  test("a file that another process holds locked for too long is an outage for writes, while reads go on", () => {
    using store = new SqliteSessionStore(file, { ttl: 3600, timeoutMs: 20 });
    const session = store.create();
    const holder = new DatabaseSync(file);
    holder.exec("BEGIN IMMEDIATE");
    expect(() => store.create()).toThrow(SessionStoreUnavailableError);
    session.set("a", "1");
    expect(() => store.save(session)).toThrow(SessionStoreUnavailableError);
    expect(store.load(session.id)?.id).toBe(session.id);
    holder.exec("COMMIT");
    holder.close();
    expect(store.save(session)).toBe(true);
    expect(store.load(session.id)?.get("a")).toBe("1");
  });

  test("a closed store can be closed again, and says that it cannot answer", () => {
    const store = new SqliteSessionStore(file, 3600);
    store.close();
    store.close();
    expect(() => store.create()).toThrow(SessionStoreUnavailableError);
  });

  test("a mistake of the program is no outage", () => {
    using store = new SqliteSessionStore(file, 3600);
    const user = { id: "42" } as never;
    expect(() => store.listByUser(user)).toThrow(TypeError);
    expect(() => store.destroyByUser(user)).toThrow(TypeError);
    expect(() => store.destroyByHandle(user, "handle")).toThrow(TypeError);
  });

  test("a change may use the store while update waits for it", () => {
    using store = new SqliteSessionStore(file, 3600);
    const { id } = store.create({ data: { count: "1" } });
    const once = vi.fn<() => void>(() => void store.update(id, "count", (n) => `${n}0`));
    let called = 0;
    const result = store.update(id, "count", (n) => {
      if ((called += 1) === 1) once();
      return `${n}+1`;
    });
    expect([result, store.load(id)?.get("count"), called]).toEqual(["10+1", "10+1", 2]);
    expect(() => store.update(id, "count", () => void store.destroy(id))).toThrow(SessionEndedError);
    expect(store.load(id)).toBe(undefined);
  });

  test("a purge in slices lets other work have its turn", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    using store = new SqliteSessionStore(file, 60);
    for (let count = 0; count < 1000; count += 1) store.create();
    vi.advanceTimersByTime(61_000);
    const purge = store.purgeExpired({ sliceMs: 0 });
    expect(store.len()).toBe(900);
    const { id } = store.create();
    expect(await purge).toBe(1000);
    expect(store.load(id)).toBeDefined();
  });

  test("a schema of zod types and checks what is loaded", () => {
    const schema = z.object({ cart: z.array(z.string()).default([]), visits: z.number().optional() });
    using store = new SqliteSessionStore(file, { ttl: 3600, schema });
    const session = store.create();
    expect(store.load(session.id)?.get("cart")).toEqual([]);
    session.set("cart", ["tea"]);
    store.save(session);
    const cart: readonly string[] | undefined = store.load(session.id)?.get("cart");
    expect(cart).toEqual(["tea"]);
    session.set("visits", "many" as never);
    expect(() => store.save(session)).toThrow(SessionSchemaError);
    expect(store.load(session.id)?.get("cart")).toEqual(["tea"]);
  });

  test("data is one JSON object a session, for whoever looks into the file", () => {
    using store = new SqliteSessionStore<Record<string, unknown>>(file, 3600);
    const { handle } = store.create({ data: { user: "ada", cart: ["tea"], "\0": null } });
    const db = new DatabaseSync(file);
    const row = db.prepare(
      "SELECT data->>'user' AS user, data->'cart' AS cart, data FROM sessions WHERE handle = ?",
    );
    expect({ ...row.get(handle) }).toEqual({
      user: "ada",
      cart: '["tea"]',
      data: String.raw`{"user":"ada","cart":["tea"],"\u0000":null}`,
    });
    db.close();
  });
});
