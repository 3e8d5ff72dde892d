/** h3 with its own sessions: the browser holds the data, sealed. */
import { getSession, H3, readBody, redirect, serve, updateSession } from "h3";
import { PAGE, port, TTL, userOf } from "./page.mjs";

const config = {
  name: "sid",
  password: "a secret of at least thirty-two characters",
  maxAge: TTL,
  cookie: { secure: false, sameSite: "lax", httpOnly: true },
};

const app = new H3();
app.get("/", (event) => {
  event.res.headers.set("content-type", "text/plain; charset=utf-8");
  return "Hello, world!";
});
app.get("/users/:id", (event) => userOf(event.context.params.id));
app.get("/session/me", async (event) => {
  const { user } = (await getSession(event, config)).data;
  event.res.status = user === undefined ? 401 : 200;
  event.res.headers.set("content-type", "text/plain; charset=utf-8");
  return user ?? "nobody";
});
app.post("/session/visits", async (event) => {
  const session = await getSession(event, config);
  const visits = (session.data.visits ?? 0) + 1;
  await updateSession(event, config, { visits });
  event.res.headers.set("content-type", "text/plain; charset=utf-8");
  return String(visits);
});
app.post("/session/login", async (event) => {
  const { user } = await readBody(event);
  await updateSession(event, config, { user });
  return redirect("/session/me", 303);
});
app.get("/session/page", (event) => {
  event.res.headers.set("content-type", "text/html; charset=utf-8");
  return PAGE;
});
serve(app, { port, hostname: "127.0.0.1", silent: true });
