/** A server whose heap is asked for from outside: node --expose-gc memory-server.mjs TTL_SECONDS, with an IPC channel. */
import { App, Response } from "@hatcheck/core";
import { sessionLayer, SessionStore } from "@hatcheck/session";

const store = new SessionStore(Number(process.argv[2]));
const sessions = sessionLayer(store);
const server = await App.withState({})
  .wrap(sessions)
  .post("/login/:user", (req, { user }) => {
    sessions.of(req).login(user);
    return Response.empty(204);
  })
  .get("/me", (req) => Response.text(200, sessions.of(req).userId ?? "nobody"))
  .post("/visits", (req) => {
    const session = sessions.of(req);
    session.set("visits", (session.get("visits") ?? 0) + 1);
    return Response.empty(204);
  })
  .post("/logout", (req) => {
    sessions.of(req).logout();
    return Response.empty(204);
  })
  .listen({ port: 0 });

setInterval(() => void store.purgeExpired({ sliceMs: 5 }), 1000).unref();
process.on("message", () => {
  globalThis.gc();
  process.send({
    heapUsed: process.memoryUsage().heapUsed,
    rss: process.memoryUsage().rss,
    sessions: store.len(),
  });
});
process.on("disconnect", () => server.close());
process.send({ url: server.url });
