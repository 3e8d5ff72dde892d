// fastify with @fastify/session: https://github.com/fastify/session#readme
import cookie from "@fastify/cookie";
import session from "@fastify/session";
import Fastify from "fastify";
import { idleSeconds, lifetimeSeconds, pause, port, proxied, PUBLIC, SECRET, store } from "./contract.mjs";

async function redisStore() {
  const [{ RedisStore }, { createClient }] = await Promise.all([import("connect-redis"), import("redis")]);
  const client = createClient({ url: process.env.REDIS_URL });
  client.on("error", () => {});
  await client.connect();
  return new RedisStore({ client });
}

const app = Fastify({ trustProxy: proxied });
await app.register(cookie);
await app.register(session, {
  secret: SECRET,
  saveUninitialized: false,
  rolling: idleSeconds !== undefined,
  cookie: { secure: proxied, sameSite: "lax", maxAge: lifetimeSeconds * 1000 },
  ...(store === "redis" && { store: await redisStore() }),
});
app.get("/me", (req, reply) => reply.send(req.session.user ?? ""));
app.get("/get", (req, reply) => reply.send(String(req.session.get(`data-${req.query.key}`) ?? "")));
app.get("/private", (req, reply) => reply.send(`the page of ${req.session.user}`));
app.get("/public", (req, reply) => {
  req.session.set("data-seen", "1");
  return reply.header("Cache-Control", PUBLIC).send("public");
});
app.post("/set", async (req, reply) => {
  await pause(req.query.ms);
  req.session.set(`data-${req.query.key}`, req.query.value);
  return reply.send("ok");
});
app.post("/count", async (req, reply) => {
  const count = req.session.get("data-count") ?? 0;
  await pause(req.query.ms);
  req.session.set("data-count", count + 1);
  return reply.send(String(count + 1));
});
app.post("/login", async (req, reply) => {
  await req.session.regenerate();
  req.session.user = req.query.user;
  return reply.send("ok");
});
app.post("/logout", async (req, reply) => {
  await pause(req.query.ms);
  await req.session.destroy();
  return reply.send("ok");
});
app.post("/renew", async (req, reply) => {
  await pause(req.query.ms);
  await req.session.regenerate(["user"]);
  return reply.send("ok");
});
app.post("/logout-everywhere", (_req, reply) => reply.code(501).send());
await app.listen({ port, host: "127.0.0.1" });
