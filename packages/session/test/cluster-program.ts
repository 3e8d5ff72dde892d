// The recipe of docs/deployment.md: two workers on one port and one SQLite file; one that dies is replaced.
import cluster from "node:cluster";
import { App, Response } from "../../core/src/index.ts";
import { sessionLayer } from "../src/index.ts";
import { SqliteSessionStore } from "../src/sqlite/sqlite-store.ts";

const [file = "", port = "0"] = process.argv.slice(2);

if (cluster.isPrimary) {
  for (let count = 0; count < 2; count += 1) cluster.fork();
  cluster.on("exit", () => cluster.fork());
  process.once("SIGTERM", () => {
    cluster.removeAllListeners("exit");
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGTERM");
  });
} else {
  const store = new SqliteSessionStore(file, 3600);
  const sessions = sessionLayer(store);
  const app = App.withState({})
    .wrap(sessions)
    .post("/login", async (req) => {
      sessions.of(req).login((await req.form()).get("user") ?? "");
      return Response.text(200, String(process.pid));
    })
    .get("/me", (req) => Response.text(200, sessions.of(req).userId ?? "nobody"));
  const server = await app.listen({ port: Number(port), fastLane: true, signals: true });
  await server.closed;
  store.close();
  cluster.worker?.disconnect();
}
