// koa with koa-session, which the browser holds, signed: https://github.com/koajs/session#readme
import Koa from "koa";
import session from "koa-session";
import { idleSeconds, lifetimeSeconds, pause, port, proxied, PUBLIC, SECRET } from "./contract.mjs";

const app = new Koa({ proxy: proxied });
app.keys = [SECRET];
app.use(
  session(
    { maxAge: lifetimeSeconds * 1000, rolling: idleSeconds !== undefined, secure: proxied, sameSite: "lax" },
    app,
  ),
);
const routes = {
  "GET /me": (ctx) => ctx.session.user ?? "",
  "GET /get": (ctx) => String(ctx.session[`data-${ctx.query.key}`] ?? ""),
  "GET /private": (ctx) => `the page of ${ctx.session.user}`,
  "GET /public": (ctx) => {
    ctx.session["data-seen"] = "1";
    ctx.set("Cache-Control", PUBLIC);
    return "public";
  },
  "POST /set": async (ctx) => {
    const { session: opened } = ctx;
    await pause(ctx.query.ms);
    opened[`data-${ctx.query.key}`] = ctx.query.value;
    return "ok";
  },
  "POST /count": async (ctx) => {
    const count = ctx.session["data-count"] ?? 0;
    await pause(ctx.query.ms);
    ctx.session["data-count"] = count + 1;
    return String(count + 1);
  },
  "POST /login": (ctx) => {
    ctx.session = { user: ctx.query.user };
    return "ok";
  },
  "POST /logout": async (ctx) => {
    await pause(ctx.query.ms);
    ctx.session = null;
    return "ok";
  },
};
app.use(async (ctx) => {
  const route = routes[`${ctx.method} ${ctx.path}`];
  if (route === undefined) ctx.status = 501;
  else ctx.body = await route(ctx);
});
app.listen(port, "127.0.0.1");
