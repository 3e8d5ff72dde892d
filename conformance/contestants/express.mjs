// express with express-session, as its README sets it up: https://github.com/expressjs/session#readme
import express from "express";
import session from "express-session";
import { idleSeconds, lifetimeSeconds, pause, port, proxied, PUBLIC, SECRET, store } from "./contract.mjs";

const stores = {
  memory: async () => undefined,
  redis: async () => {
    const [{ RedisStore }, { createClient }] = await Promise.all([import("connect-redis"), import("redis")]);
    const client = createClient({ url: process.env.REDIS_URL });
    client.on("error", () => {});
    await client.connect();
    return new RedisStore({ client });
  },
  postgres: async () => {
    const [{ default: connect }, { default: pg }] = await Promise.all([
      import("connect-pg-simple"),
      import("pg"),
    ]);
    const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
    pool.on("error", () => {});
    return new (connect(session))({ pool, createTableIfMissing: true });
  },
};

const promised = (method) => (req) =>
  new Promise((resolve, reject) => req.session[method]((error) => (error ? reject(error) : resolve())));
const [regenerate, save] = [promised("regenerate"), promised("save")];

const app = express();
if (proxied) app.set("trust proxy", 1);
app.use(
  session({
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    rolling: idleSeconds !== undefined,
    cookie: { secure: proxied, sameSite: "lax", maxAge: lifetimeSeconds * 1000 },
    store: await stores[store](),
  }),
);
app.get("/me", (req, res) => res.send(req.session.user ?? ""));
app.get("/get", (req, res) => res.send(String(req.session[`data-${req.query.key}`] ?? "")));
app.get("/private", (req, res) => res.send(`the page of ${req.session.user}`));
app.get("/public", (req, res) => {
  req.session["data-seen"] = "1";
  res.set("Cache-Control", PUBLIC).send("public");
});
app.post("/set", async (req, res) => {
  await pause(req.query.ms);
  req.session[`data-${req.query.key}`] = req.query.value;
  res.send("ok");
});
app.post("/count", async (req, res) => {
  const count = req.session["data-count"] ?? 0;
  await pause(req.query.ms);
  req.session["data-count"] = count + 1;
  res.send(String(count + 1));
});
// The README's "user login" example.
app.post("/login", async (req, res) => {
  await regenerate(req);
  req.session.user = req.query.user;
  await save(req);
  res.send("ok");
});
app.post("/logout", async (req, res) => {
  await pause(req.query.ms);
  req.session.user = null;
  await save(req);
  await regenerate(req);
  res.send("ok");
});
app.post("/renew", async (req, res) => {
  await pause(req.query.ms);
  const { cookie: _cookie, ...kept } = req.session;
  await regenerate(req);
  Object.assign(req.session, kept);
  res.send("ok");
});
app.post("/logout-everywhere", (_req, res) => res.status(501).send());
app.use((error, _req, res, _next) => res.status(error.status ?? 500).send("error"));
app.listen(port, "127.0.0.1");
