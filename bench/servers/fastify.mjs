/** fastify with @fastify/formbody, @fastify/session and its own memory store. */
import cookie from "@fastify/cookie";
import formbody from "@fastify/formbody";
import session from "@fastify/session";
import Fastify from "fastify";
import { PAGE, port, TTL, userOf } from "./page.mjs";

const app = Fastify();
app.get("/", (_request, reply) => reply.type("text/plain; charset=utf-8").send("Hello, world!"));
app.get("/users/:id", (request, reply) => reply.send(userOf(request.params.id)));
app.register(
  async (members) => {
    await members.register(cookie);
    await members.register(formbody);
    await members.register(session, {
      secret: "a secret of at least thirty-two characters",
      cookieName: "sid",
      cookie: { secure: false, sameSite: "lax", maxAge: TTL * 1000 },
      saveUninitialized: false,
      rolling: false,
    });
    members.get("/me", (request, reply) => {
      const { user } = request.session;
      return reply
        .code(user === undefined ? 401 : 200)
        .type("text/plain; charset=utf-8")
        .send(user ?? "nobody");
    });
    members.post("/visits", (request, reply) => {
      request.session.visits = (request.session.visits ?? 0) + 1;
      return reply.type("text/plain; charset=utf-8").send(String(request.session.visits));
    });
    members.post("/login", async (request, reply) => {
      await request.session.regenerate();
      request.session.user = request.body.user;
      return reply.redirect("/session/me", 303);
    });
    members.get("/page", (_request, reply) => reply.type("text/html; charset=utf-8").send(PAGE));
  },
  { prefix: "/session" },
);
await app.listen({ port, host: "127.0.0.1" });
