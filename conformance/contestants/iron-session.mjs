// node:http with iron-session, which the browser holds, sealed: https://github.com/vvo/iron-session#readme
import { createServer } from "node:http";
import { getIronSession } from "iron-session";
import { lifetimeSeconds, idleSeconds, pause, port, proxied, PUBLIC, SECRET } from "./contract.mjs";

const options = {
  password: SECRET,
  cookieName: "session",
  ttl: lifetimeSeconds,
  cookieOptions: { secure: proxied },
};
const routes = {
  "GET /me": (session) => session.user ?? "",
  "GET /get": (session, query) => String(session[`data-${query.get("key")}`] ?? ""),
  "GET /private": (session) => `the page of ${session.user}`,
  "GET /public": async (session, _query, res) => {
    session["data-seen"] = "1";
    await session.save();
    res.setHeader("Cache-Control", PUBLIC);
    return "public";
  },
  "POST /set": async (session, query) => {
    await pause(query.get("ms"));
    session[`data-${query.get("key")}`] = query.get("value");
    await session.save();
    return "ok";
  },
  "POST /count": async (session, query) => {
    const count = session["data-count"] ?? 0;
    await pause(query.get("ms"));
    session["data-count"] = count + 1;
    await session.save();
    return String(count + 1);
  },
  "POST /login": async (session, query) => {
    session.user = query.get("user");
    await session.save();
    return "ok";
  },
  "POST /logout": async (session, query) => {
    await pause(query.get("ms"));
    session.destroy();
    return "ok";
  },
};
createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, "http://localhost");
  const route = routes[`${req.method} ${pathname}`];
  if (route === undefined) return void res.writeHead(501).end();
  const session = await getIronSession(req, res, options);
  // Its README: saving again moves the end on.
  if (idleSeconds !== undefined && session.user !== undefined) await session.save();
  const text = await route(session, searchParams, res);
  res.end(text);
}).listen(port, "127.0.0.1");
