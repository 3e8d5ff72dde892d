// fastify with @fastify/secure-session, which the browser holds, sealed: https://github.com/fastify/fastify-secure-session#readme
import secureSession from "@fastify/secure-session";
import Fastify from "fastify";
import { lifetimeSeconds, idleSeconds, pause, port, proxied, PUBLIC, SECRET } from "./contract.mjs";

const app = Fastify({ trustProxy: proxied });
await app.register(secureSession, {
  secret: SECRET,
  salt: "mq9hDxBVDbspDR6n",
  expiry: lifetimeSeconds,
  cookie: { path: "/", httpOnly: true, secure: proxied, sameSite: "lax", maxAge: lifetimeSeconds },
});
if (idleSeconds !== undefined) {
  app.addHook("preHandler", async (req) => req.session.touch());
}
app.get("/me", (req, reply) => reply.send(req.session.get("user") ?? ""));
app.get("/get", (req, reply) => reply.send(String(req.session.get(`data-${req.query.key}`) ?? "")));
app.get("/private", (req, reply) => reply.send(`the page of ${req.session.get("user")}`));
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
  req.session.regenerate();
  req.session.set("user", req.query.user);
  return reply.send("ok");
});
app.post("/logout", async (req, reply) => {
  await pause(req.query.ms);
  req.session.delete();
  return reply.send("ok");
});
app.post("/renew", (_req, reply) => reply.code(501).send());
app.post("/logout-everywhere", (_req, reply) => reply.code(501).send());
await app.listen({ port, host: "127.0.0.1" });
