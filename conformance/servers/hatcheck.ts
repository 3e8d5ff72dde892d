// Hatcheck on one of its four stores, as its own documentation sets it up.
import { App, crossOriginProtection, Header, type Handler, Response } from "@hatcheck/core";
import { type Mode, sessionLayer, SessionStore, type Store } from "@hatcheck/session";
import { PostgresSessionStore } from "@hatcheck/session/postgres";
import { RedisSessionStore } from "@hatcheck/session/redis";
import { SqliteSessionStore } from "@hatcheck/session/sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { createClient } from "redis";

type Data = Record<string, string | number>;

const {
  PORT,
  TTL_SECONDS,
  IDLE_SECONDS,
  PROXIED,
  REDIS_URL = "",
  DATABASE_URL = "",
  DATA_DIR = "",
} = process.env;
const options = {
  ttl: Number(TTL_SECONDS),
  ...(IDLE_SECONDS !== undefined && { idle: Number(IDLE_SECONDS) }),
};

const stores: Readonly<Record<string, () => Store<Data, Mode> | Promise<Store<Data, Mode>>>> = {
  memory: () => new SessionStore<Data>(options),
  sqlite: () => new SqliteSessionStore<Data>(`${DATA_DIR}/sessions.db`, options),
  redis: async () => {
    const client = createClient({ url: REDIS_URL, disableOfflineQueue: true });
    client.on("error", () => undefined);
    await client.connect();
    return new RedisSessionStore<Data>(client, { ...options, timeoutMs: 1000 });
  },
  postgres: async () => {
    const pool = new Pool({ connectionString: DATABASE_URL });
    pool.on("error", () => undefined);
    const store = new PostgresSessionStore<Data>(pool, { ...options, timeoutMs: 1000 });
    await store.migrate();
    return store;
  },
};
const store = await stores[process.argv[2] ?? "memory"]?.();
if (store === undefined) throw new Error(`no such store: ${process.argv[2]}`);
const sessions = sessionLayer(store, { deviceBound: true });

/** The query, and the time that a request takes between opening its session and changing it. */
const handler =
  (
    handle: (session: Awaited<ReturnType<typeof sessions.of>>, query: (name: string) => string) => unknown,
  ): Handler =>
  async (req) => {
    const session = await sessions.of(req);
    await sleep(Number(req.query.get("ms") ?? 0));
    return Response.text(200, String((await handle(session, (name) => req.query.get(name) ?? "")) ?? "ok"));
  };

await App.withState({})
  .wrap(crossOriginProtection())
  .wrap(sessions)
  .onError((error) => {
    // Said once by the framework; a log of outages is not what is tested.
    void error;
  })
  .get(
    "/me",
    handler((session) => session.userId ?? ""),
  )
  .get(
    "/get",
    handler((session, query) => session.get(query("key")) ?? ""),
  )
  .get(
    "/private",
    handler((session) => `the page of ${session.userId}`),
  )
  .get("/public", async (req) => {
    (await sessions.of(req)).set("seen", "1");
    const response = Response.text(200, "public");
    response.headers.push(new Header("Cache-Control", "public, max-age=60"));
    return response;
  })
  .post(
    "/set",
    handler((session, query) => session.set(query("key"), query("value"))),
  )
  .post(
    "/count",
    handler((session) => session.update("count", (count) => Number(count ?? 0) + 1)),
  )
  .post(
    "/login",
    handler((session, query) => session.login(query("user"))),
  )
  .post(
    "/logout",
    handler((session) => session.logout()),
  )
  .post(
    "/renew",
    handler((session) => session.renew()),
  )
  .post(
    "/logout-everywhere",
    handler(async (session) => void (await session.destroyByUser())),
  )
  .listen({ port: Number(PORT), ...(PROXIED === "1" && { trustProxy: 1 }) });
