// React Router's sessions in a cookie, signed: https://reactrouter.com/explanation/sessions-and-cookies
import { createServer } from "node:http";
import { createCookieSessionStorage } from "react-router";
import { lifetimeSeconds, idleSeconds, pause, port, proxied, PUBLIC, SECRET } from "./contract.mjs";

const { getSession, commitSession, destroySession } = createCookieSessionStorage({
  cookie: {
    name: "__session",
    httpOnly: true,
    maxAge: lifetimeSeconds,
    path: "/",
    sameSite: "lax",
    secrets: [SECRET],
    secure: proxied,
  },
});
const routes = {
  "GET /me": async (session) => ({
    text: session.get("user") ?? "",
    commit: idleSeconds !== undefined && session.has("user"),
  }),
  "GET /get": async (session, query) => ({ text: String(session.get(`data-${query.get("key")}`) ?? "") }),
  "GET /private": async (session) => ({ text: `the page of ${session.get("user")}` }),
  "GET /public": async (session) => {
    session.set("data-seen", "1");
    return { text: "public", commit: true, headers: { "Cache-Control": PUBLIC } };
  },
  "POST /set": async (session, query) => {
    await pause(query.get("ms"));
    session.set(`data-${query.get("key")}`, query.get("value"));
    return { text: "ok", commit: true };
  },
  "POST /count": async (session, query) => {
    const count = session.get("data-count") ?? 0;
    await pause(query.get("ms"));
    session.set("data-count", count + 1);
    return { text: String(count + 1), commit: true };
  },
  "POST /login": async (session, query) => {
    session.set("user", query.get("user"));
    return { text: "ok", commit: true };
  },
  "POST /logout": async (_session, query) => {
    await pause(query.get("ms"));
    return { text: "ok", destroy: true };
  },
};
createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, "http://localhost");
  const route = routes[`${req.method} ${pathname}`];
  if (route === undefined) return void res.writeHead(501).end();
  const session = await getSession(req.headers.cookie);
  const { text, commit = false, destroy = false, headers = {} } = await route(session, searchParams);
  if (commit) res.setHeader("Set-Cookie", await commitSession(session));
  if (destroy) res.setHeader("Set-Cookie", await destroySession(session));
  res.writeHead(200, headers).end(text);
}).listen(port, "127.0.0.1");
