// hono with hono-sessions: https://github.com/jcs224/hono_sessions#readme
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { MemoryStore, sessionMiddleware } from "hono-sessions";
import { lifetimeSeconds, pause, port, proxied, PUBLIC, SECRET } from "./contract.mjs";

const app = new Hono();
app.use(
  sessionMiddleware({
    store: new MemoryStore(),
    encryptionKey: SECRET,
    expireAfterSeconds: lifetimeSeconds,
    cookieOptions: { sameSite: "Lax", path: "/", httpOnly: true, secure: proxied },
  }),
);
const routes = {
  "GET /me": (session) => session.get("user") ?? "",
  "GET /get": (session, query) => String(session.get(`data-${query.key}`) ?? ""),
  "GET /private": (session) => `the page of ${session.get("user")}`,
  "GET /public": (session, _query, c) => {
    session.set("data-seen", "1");
    c.header("Cache-Control", PUBLIC);
    return "public";
  },
  "POST /set": async (session, { key, value, ms }) => {
    await pause(ms);
    session.set(`data-${key}`, value);
    return "ok";
  },
  "POST /count": async (session, { ms }) => {
    const count = session.get("data-count") ?? 0;
    await pause(ms);
    session.set("data-count", count + 1);
    return String(count + 1);
  },
  "POST /login": (session, { user }, c) => {
    c.set("session_key_rotation", true);
    session.set("user", user);
    return "ok";
  },
  "POST /logout": async (session, { ms }) => {
    await pause(ms);
    session.deleteSession();
    return "ok";
  },
  "POST /renew": async (_session, { ms }, c) => {
    await pause(ms);
    c.set("session_key_rotation", true);
    return "ok";
  },
};
app.all("*", async (c) => {
  const route = routes[`${c.req.method} ${c.req.path}`];
  return route === undefined ? c.text("", 501) : c.text(await route(c.get("session"), c.req.query(), c));
});
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
