// better-auth with e-mail and password, its sessions in Postgres: https://www.better-auth.com/docs/concepts/session-management
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { fromNodeHeaders } from "better-auth/node";
import { Pool } from "pg";
import { idleSeconds, pause, port, proxied, PUBLIC, SECRET, ttlSeconds } from "./contract.mjs";

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
pool.on("error", () => {});
const baseURL = proxied ? "https://localhost" : `http://127.0.0.1:${port}`;
const options = {
  database: pool,
  secret: SECRET,
  baseURL,
  trustedOrigins: [baseURL],
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  session: {
    expiresIn: idleSeconds ?? ttlSeconds,
    ...(idleSeconds === undefined ? { disableSessionRefresh: true } : { updateAge: 0 }),
  },
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);

const userOf = async (headers) => (await auth.api.getSession({ headers }))?.user.name ?? "";
const emailOf = (user) => `${user}@example.com`;
const PASSWORD = "a hat and a coat";

const routes = {
  "GET /me": async (headers) => ({ text: await userOf(headers) }),
  "GET /private": async (headers) => ({ text: `the page of ${await userOf(headers)}` }),
  "GET /public": async () => ({ text: "public", headers: { "Cache-Control": PUBLIC } }),
  "POST /login": async (headers, query) => {
    const user = query.get("user");
    const body = { email: emailOf(user), password: PASSWORD };
    await auth.api.signUpEmail({ body: { ...body, name: user } }).catch(() => undefined);
    return { response: await auth.api.signInEmail({ body, headers, asResponse: true }) };
  },
  "POST /logout": async (headers, query) => {
    await pause(query.get("ms"));
    return { response: await auth.api.signOut({ headers, asResponse: true }) };
  },
  "POST /logout-everywhere": async (headers) => ({
    response: await auth.api.revokeSessions({ headers, asResponse: true }),
  }),
};
createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, "http://localhost");
  const route = routes[`${req.method} ${pathname}`];
  if (route === undefined) return void res.writeHead(501).end();
  try {
    const { text = "ok", headers = {}, response } = await route(fromNodeHeaders(req.headers), searchParams);
    if (response !== undefined) res.setHeader("Set-Cookie", response.headers.getSetCookie());
    res.writeHead(response?.status ?? 200, headers).end(text);
  } catch (error) {
    res.writeHead(error.statusCode ?? 500).end("error");
  }
}).listen(port, "127.0.0.1");
