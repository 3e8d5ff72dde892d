/** express with express-session and its own memory store; login as its README does it. */
import express from "express";
import session from "express-session";
import { PAGE, port, TTL, userOf } from "./page.mjs";

const app = express();
app.get("/", (_req, res) => res.type("text/plain").send("Hello, world!"));
app.get("/users/:id", (req, res) => res.json(userOf(req.params.id)));

const members = express.Router();
members.use(express.urlencoded());
members.use(
  session({
    name: "sid",
    secret: "a secret of at least thirty-two characters",
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: "lax", maxAge: TTL * 1000 },
  }),
);
members.get("/me", (req, res) => {
  const { user } = req.session;
  res
    .status(user === undefined ? 401 : 200)
    .type("text/plain")
    .send(user ?? "nobody");
});
members.post("/visits", (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.type("text/plain").send(String(req.session.visits));
});
members.post("/login", (req, res, next) => {
  req.session.regenerate((error) => {
    if (error) return next(error);
    req.session.user = req.body.user;
    return req.session.save((failure) => (failure ? next(failure) : res.redirect(303, "/session/me")));
  });
});
members.get("/page", (_req, res) => res.type("html").send(PAGE));
app.use("/session", members);
app.listen(port, "127.0.0.1");
