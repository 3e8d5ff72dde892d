// One of the servers that are killed: `node app-process.ts <sqlite|redis|postgres> <file or port> [clock file]`. It prints
// its URL when it listens.
import { App, type Request, Response } from "@hatcheck/core";
import { sessionLayer, type Store } from "@hatcheck/session";
import { SqliteSessionStore } from "@hatcheck/session/sqlite";
import type { AnyData } from "@hatcheck/session/testkit";
import { openPostgres, openRedis } from "../../packages/session/test/remote-stores.ts";

const [, , engine, where = ""] = process.argv;
const options = { ttl: 3600, timeoutMs: 1000 };

async function open(): Promise<Store<AnyData>> {
  if (engine === "sqlite") return new SqliteSessionStore<AnyData>(where, options);
  if (engine === "redis") return (await openRedis("node-redis", [Number(where)], options)).store;
  if (engine === "ioredis") return (await openRedis("ioredis", [Number(where)], options)).store;
  return (await openPostgres(Number(where), options)).store;
}

const sessions = sessionLayer(await open());
/** The session of whoever has one. */
const of = async (req: Request) => {
  const session = await sessions.of(req);
  return session.isNew ? undefined : session;
};
const nobody = (): Response => Response.text(401, "no session");

const app = new App(undefined)
  .wrap(sessions)
  .get("/read", async (req) => {
    const session = await of(req);
    if (session === undefined) return nobody();
    const data = Object.fromEntries(session.keys().map((key) => [key, session.get(key)]));
    return Response.json(200, { userId: session.userId, data });
  })
  .post("/set/:key/:value", async (req, { key, value }) => {
    const session = await of(req);
    if (session === undefined) return nobody();
    session.set(key, value);
    return Response.empty(204);
  })
  .post("/add", async (req) => {
    const session = await of(req);
    if (session === undefined) return nobody();
    const count = await session.update("count", (n) => Number(n ?? 0) + 1);
    return count === undefined ? nobody() : Response.text(200, String(count));
  })
  .post("/login/:user", async (req, { user }) => {
    (await sessions.of(req)).login(user);
    return Response.empty(204);
  })
  .post("/logout", async (req) => {
    (await sessions.of(req)).logout();
    return Response.empty(204);
  })
  .onError(() => undefined);
const server = await app.listen({ port: 0 });
process.stdout.write(`${server.url}\n`);
// Whoever started this has gone.
process.stdin.resume().once("end", () => process.exit());
