/**
 * koa with koa-session. It has no store of its own: by default the browser holds the data, signed; that is what is measured
 * here, since its README advises it.
 */
import { bodyParser } from "@koa/bodyparser";
import { Router } from "@koa/router";
import Koa from "koa";
import session from "koa-session";
import { PAGE, port, TTL, userOf } from "./page.mjs";

const app = new Koa();
app.keys = ["a secret of at least thirty-two characters"];
const router = new Router();
router.get("/", (ctx) => {
  ctx.body = "Hello, world!";
});
router.get("/users/:id", (ctx) => {
  ctx.body = userOf(ctx.params.id);
});

const members = new Router({ prefix: "/session" });
members.use(session({ key: "sid", maxAge: TTL * 1000, secure: false, sameSite: "lax" }, app));
members.use(bodyParser());
members.get("/me", (ctx) => {
  const { user } = ctx.session;
  ctx.status = user === undefined ? 401 : 200;
  ctx.body = user ?? "nobody";
});
members.post("/visits", (ctx) => {
  ctx.session.visits = (ctx.session.visits ?? 0) + 1;
  ctx.body = String(ctx.session.visits);
});
members.post("/login", (ctx) => {
  ctx.session = { user: ctx.request.body.user };
  ctx.redirect("/session/me");
  ctx.status = 303;
});
members.get("/page", (ctx) => {
  ctx.type = "html";
  ctx.body = PAGE;
});
app.use(router.routes()).use(members.routes());
app.listen(port, "127.0.0.1");
