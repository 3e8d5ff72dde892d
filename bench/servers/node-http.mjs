/**
 * The yardstick: node:http and a Map, written by hand, sending the same fields as Hatcheck does. It does what is asked and
 * nothing else: no cap, no purge, no list of a user's sessions, no protection against a lost update, no error handling.
 * With the argument "tuned" it has the one trick of Hatcheck that saves work of node:http: it says that nobody reads a body of
 * no bytes.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { PAGE, port, TTL, userOf } from "./page.mjs";

const sessions = new Map();

function sessionOf(req) {
  const match = /(?:^|; )sid=([^;]*)/.exec(req.headers.cookie ?? "");
  const session = match === null ? undefined : sessions.get(match[1]);
  return session !== undefined && session.expiresAt > Date.now() ? session : undefined;
}

function send(res, status, type, body, headers) {
  res.writeHead(status, { "Content-Type": type, ...headers, "Content-Length": Buffer.byteLength(body) });
  res.end(body);
}

const TEXT = "text/plain; charset=utf-8";
const VARY = { Vary: "Cookie" };

const tuned = process.argv[2] === "tuned";

createServer((req, res) => {
  if (tuned && (req.headers["content-length"] ?? "0") === "0") req.read(0);
  const { method, url } = req;
  if (method === "GET") {
    if (url === "/") return send(res, 200, TEXT, "Hello, world!");
    if (url.startsWith("/users/")) {
      const id = decodeURIComponent(url.slice(7));
      return send(res, 200, "application/json", JSON.stringify(userOf(id)));
    }
    if (url === "/session/me") {
      const user = sessionOf(req)?.user;
      return send(res, user === undefined ? 401 : 200, TEXT, user ?? "nobody", VARY);
    }
    if (url === "/session/page") return send(res, 200, "text/html; charset=utf-8", PAGE);
  } else if (method === "POST") {
    if (url === "/session/visits") {
      const session = sessionOf(req);
      if (session === undefined) return send(res, 401, TEXT, "nobody", VARY);
      session.visits = (session.visits ?? 0) + 1;
      return send(res, 200, TEXT, String(session.visits), VARY);
    }
    if (url === "/session/login") return readForm(req, (form) => login(req, res, form.get("user")));
  }
  return send(res, 404, TEXT, "Not found");
}).listen(port, "127.0.0.1");

function login(req, res, user) {
  const former = sessionOf(req);
  if (former !== undefined) sessions.delete(former.id);
  const id = randomBytes(32).toString("base64url");
  sessions.set(id, { id, user, visits: undefined, expiresAt: Date.now() + TTL * 1000 });
  res.writeHead(303, {
    Location: "/session/me",
    Vary: "Cookie",
    "Set-Cookie": `sid=${id}; Path=/; Max-Age=${TTL}; HttpOnly; SameSite=Lax`,
    "Cache-Control": "no-store",
    "Content-Length": 0,
  });
  res.end();
}

/** Reads a form; one of more than a megabyte is cut off. */
function readForm(req, done) {
  const chunks = [];
  let bytes = 0;
  req.on("data", (chunk) => {
    bytes += chunk.length;
    if (bytes > 1024 * 1024) req.destroy();
    chunks.push(chunk);
  });
  req.on("end", () => done(new URLSearchParams(Buffer.concat(chunks).toString())));
}
