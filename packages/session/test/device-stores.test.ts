// Device-bound sessions on all four stores, over two connections as two processes have them: each request of a browser goes to the
// one or the other.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "@hatcheck/core";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SessionStore, type Store } from "../src/index.ts";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";
import { DeviceBrowser, makeProof } from "./device-browser.ts";
import { BOUND, deviceSite, type Me, SID } from "./device-site.ts";
import { openPostgres, openRedis } from "./remote-stores.ts";
import { hasPostgres, hasRedis, startPostgres, startRedis, type TestServer } from "./servers.ts";

interface Opened {
  readonly stores: readonly [Store, Store];
  /** All that the store has written, as text. */
  dump?(): string | Promise<string>;
  close(): void | Promise<void>;
}

/** An app before two processes, which take turns. */
function fleet([one, other]: Opened["stores"]): App<unknown> {
  const apps = [deviceSite(one), deviceSite(other)];
  let turn = 0;
  return App.withState<unknown>({}).wrap((req, conn) => {
    turn += 1;
    return (apps[turn % 2] as App<unknown>).handle(req, conn);
  });
}

function protocol(open: () => Opened | Promise<Opened>): void {
  let opened: Opened;
  let app: App<unknown>;
  beforeAll(async () => {
    opened = await open();
    app = fleet(opened.stores);
  });
  afterAll(() => opened.close());
  const me = async (browser: DeviceBrowser) => (await browser.get("/me")).json<Me>();

  test("registers, refreshes and logs out, whichever process answers", async () => {
    const browser = new DeviceBrowser(app);
    await browser.logIn("/login/ann");
    expect(await me(browser)).toMatchObject({ userId: "ann", deviceBound: true });
    for (let times = 1; times <= 5; times += 1) {
      if (times > 3 && browser.bound !== undefined) browser.bound.challenge = undefined;
      expect((await browser.refresh()).status).toBe(200);
      expect((await browser.post(times % 2 === 0 ? "/renew" : "/regenerate")).status).toBe(204);
      expect(await me(browser)).toMatchObject({ userId: "ann", deviceBound: true });
    }
    const [one, other] = opened.stores;
    expect((await one.listByUser("ann")).map((it) => it.deviceBound)).toEqual([true]);
    const stolen = browser.steal(SID);
    expect((await new DeviceBrowser(app).send("GET", "/me", stolen)).json<Me>().userId).toBe(null);
    await browser.post("/logout");
    expect(await other.listByUser("ann")).toEqual([]);
    expect((await browser.refresh()).json()).toMatchObject({ continue: false });
  });

  test("of many that refresh with one challenge, or register with one, exactly one is done", async () => {
    for (let round = 0; round < 10; round += 1) {
      const browser = new DeviceBrowser(app);
      await browser.post(`/login/racer${round}`);
      const registered = await Promise.all([1, 2, 3, 4].map(() => browser.register()));
      expect(registered.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
      const proof = makeProof(browser.key, browser.bound?.challenge ?? "");
      const answers = await Promise.all([1, 2, 3, 4].map(() => browser.prove(proof)));
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403, 403, 403]);
      // The jar has the cookie of whichever answer came last, and the browser goes on with it.
      expect(await me(browser)).toMatchObject({ userId: `racer${round}`, deviceBound: true });
      expect((await browser.refresh()).status).toBe(200);
    }
  });

  test("a refresh and a change of the id at the same time both are done", async () => {
    const browser = new DeviceBrowser(app);
    await browser.logIn("/login/carol");
    for (let round = 0; round < 10; round += 1) {
      const [answer] = await Promise.all([browser.refresh(), browser.post("/renew"), browser.post("/set/x")]);
      expect(answer.status).toBe(200);
      expect(await me(browser)).toMatchObject({ userId: "carol", deviceBound: true });
    }
  });

  test("the store holds no cookie and no id, and knows the key", async () => {
    if (opened.dump === undefined) return;
    const browser = new DeviceBrowser(app);
    await browser.logIn("/login/dora");
    const dump = await opened.dump();
    for (const name of [SID, BOUND]) {
      const value = browser.client.cookie(name) ?? "";
      expect(value.length).toBeGreaterThanOrEqual(43);
      expect(dump).not.toContain(value);
      expect(dump).not.toContain(value.slice(-43));
    }
    expect(dump).toContain(String(browser.key.jwk.x));
  });
}

describe("in memory", () => {
  protocol(() => {
    const store = new SessionStore(3600);
    return { stores: [store, store], close: () => undefined };
  });
});

describe("in SQLite", () => {
  protocol(() => {
    const folder = mkdtempSync(join(tmpdir(), "session-device-"));
    const file = join(folder, "sessions.sqlite");
    const stores = [new SqliteSessionStore(file, 3600), new SqliteSessionStore(file, 3600)] as const;
    return {
      stores,
      dump: () =>
        readdirSync(folder)
          .map((name) => readFileSync(join(folder, name), "latin1"))
          .join(""),
      close: () => {
        for (const store of stores) store.close();
        rmSync(folder, { recursive: true });
      },
    };
  });
});

describe.skipIf(!hasRedis)("in Redis", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());
  protocol(async () => {
    const one = await openRedis("node-redis", [server.port], { ttl: 3600 });
    const other = await openRedis("ioredis", [server.port], { ttl: 3600 });
    const raw = new Redis(server.port, "127.0.0.1");
    return {
      stores: [one.store as unknown as Store, other.store as unknown as Store],
      dump: async () => {
        const texts = (await raw.keys("*")).map(async (key) =>
          (await raw.type(key)) === "hash" ? [key, await raw.hgetall(key)] : key,
        );
        return JSON.stringify(await Promise.all(texts));
      },
      close: async () => {
        raw.disconnect();
        await one.close();
        await other.close();
      },
    };
  });
});

describe.skipIf(!hasPostgres)("in Postgres", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.close());
  protocol(async () => {
    const one = await openPostgres(server.port, { ttl: 3600 });
    const other = await openPostgres(server.port, { ttl: 3600 });
    await one.store.migrate();
    return {
      stores: [one.store as unknown as Store, other.store as unknown as Store],
      dump: async () => JSON.stringify((await one.pool.query("SELECT * FROM hatcheck_session")).rows),
      close: async () => {
        await one.close();
        await other.close();
      },
    };
  });
});
