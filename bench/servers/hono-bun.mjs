/** hono on Bun with the Map. */
import { Hono } from "hono";
import { begin, sessionOf } from "./map-site.mjs";
import { PAGE, port, userOf } from "./page.mjs";

const app = new Hono();
app.get("/", (c) => c.text("Hello, world!"));
app.get("/users/:id", (c) => c.json(userOf(c.req.param("id"))));
app.get("/session/me", (c) => {
  const user = sessionOf(c.req.header("cookie"))?.user;
  c.header("Vary", "Cookie");
  return c.text(user ?? "nobody", user === undefined ? 401 : 200);
});
app.post("/session/visits", (c) => {
  const session = sessionOf(c.req.header("cookie"));
  session.visits = (session.visits ?? 0) + 1;
  c.header("Vary", "Cookie");
  return c.text(String(session.visits));
});
app.post("/session/login", async (c) => {
  const { user } = await c.req.parseBody();
  c.header("Vary", "Cookie");
  c.header("Cache-Control", "no-store");
  c.header("Set-Cookie", begin(user, c.req.header("cookie")));
  return c.redirect("/session/me", 303);
});
app.get("/session/page", (c) => c.html(PAGE));
globalThis.Bun.serve({ port, hostname: "127.0.0.1", fetch: app.fetch });
