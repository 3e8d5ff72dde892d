/** Hatcheck, with the store that its argument names: memory, which is the default, or sqlite; on the fast lane unless that is "off". */
import { App, Response } from "@hatcheck/core";
import { sessionLayer, SessionStore } from "@hatcheck/session";
import { PAGE, port, TTL, userOf } from "./page.mjs";

/** The cap stays on, but out of reach: a run of logins opens over a million sessions. */
const MOST = 10_000_000;

const store =
  process.argv[2] === "sqlite" ? await sqliteStore() : new SessionStore({ ttl: TTL, maxSessions: MOST });
/** As behind a proxy that ends TLS. */
const isBound = process.env.BENCH_DEVICE_BOUND === "1";
const sessions = sessionLayer(
  store,
  isBound
    ? { cookie: { secure: true }, deviceBound: { path: "/session/device", refreshSeconds: 86_400 } }
    : {},
);

const members = App.withState({})
  .wrap(sessions)
  .get("/me", (req) => {
    const { userId } = sessions.of(req);
    return Response.text(userId === undefined ? 401 : 200, userId ?? "nobody");
  })
  .post("/visits", (req) => {
    const session = sessions.of(req);
    const visits = (session.get("visits") ?? 0) + 1;
    session.set("visits", visits);
    return Response.text(200, String(visits));
  })
  .post("/login", async (req) => {
    const form = await req.form();
    sessions.of(req).login(form.get("user") ?? "");
    return Response.redirect(303, "/session/me");
  })
  .get("/page", () => Response.html(200, PAGE));

const app = App.withState({})
  .get("/", () => Response.text(200, "Hello, world!"))
  .get("/users/:id", (_req, { id }) => Response.json(200, userOf(id)))
  .mount("/session", members);
await app.listen({ port, fastLane: process.argv[3] !== "off" });
// Where logins are bound; reads are measured as in the other scenarios, without a proxy's fields to look for.
if (isBound) await app.listen({ port: port + 20_000, trustProxy: 1 });

async function sqliteStore() {
  const { mkdtempSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const { SqliteSessionStore } = await import("@hatcheck/session/sqlite");
  return new SqliteSessionStore(join(mkdtempSync(join(tmpdir(), "hatcheck-bench-")), "sessions.db"), TTL);
}
