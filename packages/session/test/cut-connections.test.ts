// A connection that is cut when a command has arrived and its answer has not: reads are tried once more, writes are not.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Store, SessionStoreUnavailableError } from "../src/index.ts";
import type { AnyData } from "../src/testkit/conformance.ts";
import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";
import { openPostgres, openRedis } from "./remote-stores.ts";
import { hasPostgres, hasRedis, startPostgres, startRedis, type TestServer } from "./servers.ts";

/** Cases of a test that not every store can be tried with; one that is skipped counts as left out. */
const where = (isMeant: boolean): true[] => (isMeant ? [true] : []);

type AsyncStore = Store<AnyData, "async">;

interface Opened {
  readonly store: AsyncStore;
  close(): Promise<void>;
}

/** @param resends whether the client itself sends everything again */
function holds(
  start: () => Promise<TestServer>,
  open: (port: number) => Promise<Opened>,
  resends = false,
): void {
  let server: TestServer;
  let proxy: CuttingProxy;
  let opened: Opened;
  beforeAll(async () => {
    server = await start();
    proxy = await startCuttingProxy(server.port);
    opened = await open(proxy.port);
  }, 60_000);
  afterAll(async () => {
    await opened.close();
    await proxy.close();
    await server.close();
  });

  test("a read is tried once more", async () => {
    const { store } = opened;
    const { id, handle } = await store.create({ data: { a: 1 }, userId: "42" });
    const reads: (() => Promise<unknown>)[] = [
      async () => (await store.load(id))?.get("a"),
      async () => (await store.listByUser("42")).map((entry) => entry.handle),
      () => store.isEmpty(),
      () => store.len(),
    ];
    const calm: unknown[] = [];
    for (const read of reads) calm.push(await read());
    expect(calm).toEqual([1, [handle], false, 1]);
    const cut: unknown[] = [];
    const before = proxy.cuts;
    for (const read of reads) {
      proxy.cutNext();
      cut.push(await read());
    }
    expect(cut).toEqual(calm);
    expect(proxy.cuts - before).toBe(reads.length);
    await store.destroy(id);
  });

  test.for(where(!resends))("a write is an outage, and may have been done", async () => {
    const { store } = opened;
    const session = await store.create({ data: { a: 1 } });
    session.set("a", 2);
    proxy.cutNext();
    await expect(store.save(session)).rejects.toThrow(SessionStoreUnavailableError);
    // Its change is still there, and can be saved again.
    expect(await store.save(session)).toBe(true);
    expect((await store.load(session.id))?.get("a")).toBe(2);
  });
}

describe.skipIf(!hasRedis)("node-redis", () => {
  holds(startRedis, (port) => openRedis("node-redis", [port], { ttl: 60 }));
});

describe.skipIf(!hasRedis)("ioredis", () => {
  holds(startRedis, (port) => openRedis("ioredis", [port], { ttl: 60 }), true);
});

describe.skipIf(!hasPostgres)("pg", () => {
  holds(startPostgres, async (port) => {
    const opened = await openPostgres(port, { ttl: 60 });
    await opened.store.migrate();
    return opened;
  });
});
