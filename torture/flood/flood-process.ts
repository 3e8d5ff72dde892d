// The server that is flooded, in a process of its own: `node --expose-gc flood-process.ts`.
import { App, Response } from "@hatcheck/core";
import { sessionLayer, SessionStore } from "@hatcheck/session";

const store = new SessionStore({ ttl: 3600, idle: 1800 });
const sessions = sessionLayer(store);
const app = new App(undefined)
  .wrap(sessions)
  .get("/", (req) => Response.text(200, sessions.of(req).userId ?? "nobody"))
  .post("/login", (req) => {
    sessions.of(req).login("ada");
    return Response.empty(204);
  })
  .post("/logout-everywhere", (req) => Response.text(200, String(sessions.of(req).destroyByUser())))
  .get("/stats", () => {
    (globalThis as { gc?: () => void }).gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    return Response.json(200, { rss, heapUsed, sessions: store.len() });
  });
const server = await app.listen({ port: 0, idleTimeoutMs: 0 });
process.stdout.write(`${server.url}\n`);
process.stdin.resume().once("end", () => process.exit());
