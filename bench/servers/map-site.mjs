/**
 * The site on what browsers call Request and Response, with the same Map of sessions as node-http.mjs, for runtimes that
 * have no other server: it does what is asked and nothing else.
 */
import { randomBytes } from "node:crypto";
import { PAGE, TTL, userOf } from "./page.mjs";

const sessions = new Map();

const TEXT = { "Content-Type": "text/plain; charset=utf-8" };
const TEXT_OF_COOKIE = { ...TEXT, Vary: "Cookie" };
const HTML = { "Content-Type": "text/html; charset=utf-8" };

/** The session that a Cookie field names. */
export function sessionOf(cookie) {
  const match = /(?:^|; )sid=([^;]*)/.exec(cookie ?? "");
  const session = match === null ? undefined : sessions.get(match[1]);
  return session !== undefined && session.expiresAt > Date.now() ? session : undefined;
}

/** Begins a session and ends the former; gives the Set-Cookie field. */
export function begin(user, cookie) {
  const former = sessionOf(cookie);
  if (former !== undefined) sessions.delete(former.id);
  const id = randomBytes(32).toString("base64url");
  sessions.set(id, { id, user, visits: undefined, expiresAt: Date.now() + TTL * 1000 });
  return `sid=${id}; Path=/; Max-Age=${TTL}; HttpOnly; SameSite=Lax`;
}

export function answer(request) {
  const { method, url } = request;
  const path = url.slice(url.indexOf("/", 8));
  if (method === "GET") {
    if (path === "/") return new Response("Hello, world!", { headers: TEXT });
    if (path.startsWith("/users/")) return Response.json(userOf(decodeURIComponent(path.slice(7))));
    if (path === "/session/me") {
      const user = sessionOf(request.headers.get("cookie"))?.user;
      return new Response(user ?? "nobody", {
        status: user === undefined ? 401 : 200,
        headers: TEXT_OF_COOKIE,
      });
    }
    if (path === "/session/page") return new Response(PAGE, { headers: HTML });
  } else if (method === "POST") {
    if (path === "/session/visits") {
      const session = sessionOf(request.headers.get("cookie"));
      if (session === undefined) return new Response("nobody", { status: 401, headers: TEXT_OF_COOKIE });
      session.visits = (session.visits ?? 0) + 1;
      return new Response(String(session.visits), { headers: TEXT_OF_COOKIE });
    }
    if (path === "/session/login") return login(request);
  }
  return new Response("Not found", { status: 404, headers: TEXT });
}

async function login(request) {
  const form = new URLSearchParams(await request.text());
  return new Response(undefined, {
    status: 303,
    headers: {
      Location: "/session/me",
      Vary: "Cookie",
      "Set-Cookie": begin(form.get("user"), request.headers.get("cookie")),
      "Cache-Control": "no-store",
    },
  });
}
