/**
 * hono on @hono/node-server with hono-sessions and its memory store. Its optional encryption of the id is left out, which
 * would cost it most of its speed; the id is random as it is.
 */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { MemoryStore, sessionMiddleware } from "hono-sessions";
import { PAGE, port, TTL, userOf } from "./page.mjs";

const app = new Hono();
app.get("/", (c) => c.text("Hello, world!"));
app.get("/users/:id", (c) => c.json(userOf(c.req.param("id"))));

const members = new Hono();
members.use(
  sessionMiddleware({
    store: new MemoryStore(),
    sessionCookieName: "sid",
    expireAfterSeconds: TTL,
    cookieOptions: { sameSite: "Lax", path: "/", httpOnly: true },
  }),
);
members.get("/me", (c) => {
  const user = c.get("session").get("user");
  return c.text(user ?? "nobody", user === undefined || user === null ? 401 : 200);
});
members.post("/visits", (c) => {
  const session = c.get("session");
  const visits = (session.get("visits") ?? 0) + 1;
  session.set("visits", visits);
  return c.text(String(visits));
});
members.post("/login", async (c) => {
  const { user } = await c.req.parseBody();
  c.get("session").set("user", user);
  c.set("session_key_rotation", true);
  return c.redirect("/session/me", 303);
});
members.get("/page", (c) => c.html(PAGE));
app.route("/session", members);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
