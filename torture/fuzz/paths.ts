// Request targets, through the whole app: what a guard compares must be what the router matched.
import assert from "node:assert/strict";
import { App, ConnectionInfo, HttpError, Request, Response } from "@hatcheck/core";
import type { Chance } from "../random.ts";
import { inputOf } from "./inputs.ts";
import type { Target } from "./target.ts";

/** What the guard saw, and what the handler got, of the last request. */
const last: {
  guarded?: string | undefined;
  handled?: { route: string; path: string; values: readonly string[] } | undefined;
} = {};

const handle =
  (route: string) =>
  (req: Request, params: Readonly<Record<string, string>>): Response => {
    last.handled = { route, path: req.path, values: Object.values(params) };
    return Response.text(200, "ok");
  };

const app = new App(undefined)
  .wrap((req, _conn, next) => {
    last.guarded = req.path;
    return next();
  })
  .get("/", handle("/"))
  .get("/admin", handle("/admin"))
  .get("/admin/*rest", handle("/admin/*"))
  .get("/users/:id", handle("/users/:id"))
  .get("/users/:id/posts/:post", handle("/users/:id/posts/:post"))
  .get("/files/*path", handle("/files/*"))
  .get("/café", handle("/café"));
const conn = new ConnectionInfo();

/** A path that a route of this shape may have matched, segment by segment. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  "/": /^\/$/,
  "/admin": /^\/admin$/,
  "/admin/*": /^\/admin\/([^]*)$/,
  "/users/:id": /^\/users\/([^/]+)$/,
  "/users/:id/posts/:post": /^\/users\/([^/]+)\/posts\/([^/]+)$/,
  "/files/*": /^\/files\/([^]*)$/,
  "/café": /^\/café$/,
};

/** What stays encoded in a path is decoded once, for handlers. */
const decoded = (text: string): string =>
  text.replace(/%(?:[01][0-9A-F]|2[35F]|3F|7F)/g, (triplet) => decodeURIComponent(triplet));

const PIECES = [
  "/",
  "//",
  "/admin",
  "admin",
  "/users/",
  "/files/",
  "posts",
  ".",
  "..",
  "/../",
  "%2e%2e",
  "%2F",
  "%252F",
  "%61dmin",
  "%41dmin",
  "?",
  "?a=b&a=%ZZ",
  "#",
  ";",
  "\\",
  "http://a",
  "https://a/admin",
  "*",
  "caf%C3%A9",
  "%C3%A9",
  "%00",
  "%c0%ae",
  "+",
  "~",
  ":id",
  "*rest",
];

const target: Target = {
  name: "request target: path and query",
  promise:
    "400, 404, 405, 414 or a handler; guard and handler see one path, and it is what the route matched",
  make: (chance: Chance) => (chance.oneIn(20) ? inputOf(chance, PIECES) : `/${inputOf(chance, PIECES)}`),
  async check(input) {
    last.handled = undefined;
    last.guarded = undefined;
    const req = new Request({ method: "GET", url: input });
    const answer = app.handle(req, conn);
    const { statusCode } = answer instanceof Promise ? await answer : answer;
    const { guarded, handled } = last as typeof last;
    assert.ok([200, 400, 404, 414].includes(statusCode), String(statusCode));
    assert.equal(statusCode === 200, handled !== undefined);
    if (guarded !== undefined && guarded !== "*") {
      assert.ok(guarded.startsWith("/"), guarded);
      assert.ok(!guarded.split("/").some((segment) => segment === "." || segment === ".."), guarded);
      assert.ok(fieldsOf(req) <= 1000);
    }
    if (handled === undefined) return;
    assert.equal(handled.path, guarded);
    const match = SHAPES[handled.route]?.exec(handled.path);
    assert.ok(match, `${handled.route} has matched ${handled.path}`);
    assert.deepEqual(handled.values, match.slice(1).map(decoded));
  },
};

/** How many fields the query has; none where it has more than are accepted. */
function fieldsOf(req: Request): number {
  try {
    return [...req.query].length;
  } catch (error) {
    if (error instanceof HttpError && error.statusCode === 414) return 0;
    throw error;
  }
}

export const paths: readonly Target[] = [target];
