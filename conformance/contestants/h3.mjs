// h3 with useSession, which the browser holds, sealed: https://h3.dev/examples/handle-session
import { H3, getQuery, serve, useSession } from "h3";
import { idleSeconds, pause, port, proxied, PUBLIC, SECRET, ttlSeconds } from "./contract.mjs";

const config = {
  password: SECRET,
  maxAge: ttlSeconds,
  ...(idleSeconds !== undefined && { idleTimeout: idleSeconds }),
  cookie: { secure: proxied, sameSite: "lax", httpOnly: true },
};
const routes = {
  "GET /me": ({ data }) => data.user ?? "",
  "GET /get": ({ data }, { key }) => String(data[`data-${key}`] ?? ""),
  "GET /private": ({ data }) => `the page of ${data.user}`,
  "GET /public": async (session, _query, event) => {
    await session.update({ "data-seen": "1" });
    event.res.headers.set("cache-control", PUBLIC);
    return "public";
  },
  "POST /set": async (session, { key, value, ms }) => {
    await pause(ms);
    await session.update({ [`data-${key}`]: value });
    return "ok";
  },
  "POST /count": async (session, { ms }) => {
    const count = session.data["data-count"] ?? 0;
    await pause(ms);
    await session.update({ "data-count": count + 1 });
    return String(count + 1);
  },
  "POST /login": async (session, { user }) => {
    await session.clear();
    await session.update({ user });
    return "ok";
  },
  "POST /logout": async (session, { ms }) => {
    await pause(ms);
    await session.clear();
    return "ok";
  },
};
const app = new H3();
app.all("/**", async (event) => {
  const route = routes[`${event.req.method} ${event.url.pathname}`];
  if (route === undefined) return new Response("", { status: 501 });
  event.res.headers.set("content-type", "text/plain");
  return route(await useSession(event, config), getQuery(event), event);
});
serve(app, { port, hostname: "127.0.0.1", silent: true });
