// Turns what was registered into what runs: every layer, error handler and state is bound here, once, so that a
// request costs one search and one call.
import { DEFAULT_BODY_LIMIT } from "../message/body.ts";
import { DEFAULT_MAX_FIELDS } from "../http/urlencoded.ts";
import type { ConnectionInfo } from "../message/connection.ts";
import { withDeadline } from "./deadline.ts";
import type { Definition, RouteDefinition } from "./definition.ts";
import { answerError, type Failure } from "./answer-error.ts";
import { isThenable } from "../message/thenable.ts";
import { HttpError } from "../http/http-error.ts";
import type { Answer, Layer } from "./handler.ts";
import type { Request } from "../message/request.ts";
import { Response, watchErrors } from "../message/response.ts";
import { show } from "../options/check.ts";
import { type Match, METHODS, Router } from "./router.ts";

/** The whole of a route: layers, handler and error handling. Never throws, and never makes a promise of its own. */
type Run = (req: Request, params: Readonly<Record<string, string>>, conn: ConnectionInfo) => Answer;

interface Route {
  readonly run: Run;
  readonly pattern: string;
  readonly bodyLimit: number;
  readonly maxFields: number;
  readonly timeoutMs: number | undefined;
}

/** What an app and those that it is mounted in contribute to its routes. */
interface Scope {
  readonly prefix: string;
  readonly wrap: (run: Run) => Run;
  readonly guard: (run: Run) => Run;
  readonly bodyLimit: number;
  readonly maxFields: number;
  readonly notFound: Run;
}

export interface RouteInfo {
  readonly method: string;
  readonly pattern: string;
}

export interface Compiled {
  /** Finds the route and runs it. */
  readonly dispatch: (req: Request, conn: ConnectionInfo) => Answer;
  /** The answer for an error that came up after all layers had run. */
  readonly fail: (error: unknown, req: Request, conn: ConnectionInfo) => Answer;
  readonly routes: readonly RouteInfo[];
}

const NO_PARAMS = Object.freeze({});
const RETRY_AFTER = [{ name: "Retry-After", value: "1" }];

/** @throws TypeError for routes that are malformed or registered twice. */
export function compile(definition: Definition<unknown>): Compiled {
  const router = new Router<Route>();
  const routes: RouteInfo[] = [];
  const scopes: (Scope & { readonly unmatched: Run })[] = [];

  const addRoute = (scope: Scope, route: RouteDefinition<unknown>, state: unknown): void => {
    const pattern = scope.prefix + (route.pattern === "/" && scope.prefix !== "" ? "" : route.pattern);
    const { timeoutMs } = route;
    const bare: Run = (req, params, conn) => route.handler(req, params, conn, state);
    const handler: Run =
      timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY
        ? bare
        : (req, params, conn) => withDeadline(bare(req, params, conn), req, timeoutMs, RETRY_AFTER);
    const checked: Run = (req, params, conn) => {
      req.assertBodyLimit();
      return handler(req, params, conn);
    };
    const methods =
      route.method === undefined ? METHODS.filter((method) => !router.has(method, pattern)) : [route.method];
    for (const method of methods) {
      const mayHaveBody = method !== "GET" && method !== "HEAD";
      router.add(method, pattern, {
        run: scope.wrap(scope.guard(mayHaveBody ? checked : handler)),
        pattern,
        bodyLimit: route.bodyLimit ?? scope.bodyLimit,
        maxFields: route.maxFields ?? scope.maxFields,
        timeoutMs,
      });
    }
    routes.push({ method: route.method ?? "ALL", pattern });
  };

  const addApp = (
    app: Definition<unknown>,
    prefix: string,
    outer: Scope | undefined,
    handlers: readonly Failure[],
  ): void => {
    app.sealed = true;
    const failures: Failure[] =
      app.onError === undefined ? [...handlers] : [{ onError: app.onError, state: app.state }, ...handlers];
    const guard = guardWith(failures);
    const { notFound } = app;
    const scope: Scope = {
      prefix,
      guard,
      wrap: (run) => {
        const inner = app.layers.reduceRight<Run>(
          (next, layer) => guard(around(layer, next, app.state)),
          run,
        );
        return outer === undefined ? inner : outer.wrap(inner);
      },
      bodyLimit: app.bodyLimit ?? outer?.bodyLimit ?? DEFAULT_BODY_LIMIT,
      maxFields: app.maxFields ?? outer?.maxFields ?? DEFAULT_MAX_FIELDS,
      notFound:
        notFound === undefined
          ? (outer?.notFound ?? throwNotFound)
          : (req, params, conn) => notFound(req, params, conn, app.state),
    };
    scopes.push({ ...scope, unmatched: scope.wrap(guard(unmatchedOf(router, scope.notFound))) });
    for (const route of app.routes.filter(({ method }) => method !== undefined))
      addRoute(scope, route, app.state);
    for (const route of app.routes.filter(({ method }) => method === undefined))
      addRoute(scope, route, app.state);
    for (const mount of app.mounts) addApp(mount.definition, prefix + mount.prefix, scope, failures);
  };
  addApp(definition, "", undefined, []);
  router.compile();

  const root = scopes[0] as (typeof scopes)[number];
  // The deepest app that a path lies in answers for what is not found there.
  scopes.sort((a, b) => b.prefix.length - a.prefix.length);
  const scopeOf = (path: string) =>
    scopes.find(
      ({ prefix }) =>
        path.startsWith(prefix) &&
        (path.length === prefix.length || prefix === "" || path[prefix.length] === "/"),
    ) ?? root;

  return {
    routes,
    fail: (error, req, conn) => root.guard(() => throwIt(error))(req, NO_PARAMS, conn),
    dispatch: (req, conn) => {
      let match: Match<Route> | undefined;
      let unmatched = root.unmatched;
      try {
        const { method, path } = req;
        match = router.find(method, path);
        if (match === undefined) {
          if (method === "HEAD") match = router.find("GET", path);
          if (match === undefined) unmatched = scopeOf(path).unmatched;
        }
      } catch {
        // A malformed target: it throws again where layers and error handlers see it.
      }
      if (match === undefined) return unmatched(req, NO_PARAMS, conn);
      const { target } = match;
      req.route = target.pattern;
      req.bodyLimit = target.bodyLimit;
      if (target.timeoutMs !== undefined) req.timeoutMs = target.timeoutMs;
      req.maxFields = target.maxFields;
      return target.run(req, match.params, conn);
    },
  };
}

/** Answers where no route did: 405, an automatic OPTIONS, or whatever stands for "not found" here. */
function unmatchedOf(router: Router<Route>, notFound: Run): Run {
  return (req, params, conn) => {
    const allowed = router.allowed(req.path);
    if (req.path === "*" ? req.method !== "OPTIONS" : allowed.length === 0)
      return notFound(req, params, conn);
    const headers = [{ name: "Allow", value: allowed.join(", ") }];
    if (req.method === "OPTIONS") return new Response(204, headers);
    throw new HttpError(405, `${req.method} is not allowed here.`, { headers });
  };
}

function throwNotFound(): never {
  throw new HttpError(404, "Nothing is found at this address.");
}

function throwIt(error: unknown): never {
  throw error;
}

function around(layer: Layer<unknown>, inner: Run, state: unknown): Run {
  return (req, params, conn) => layer(req, conn, (other = req) => inner(other, params, conn), state);
}

/** Makes a run that turns whatever is thrown, and whatever is returned that is no response, into a response. */
function guardWith(failures: readonly Failure[]): (run: Run) => Run {
  const fail = (error: unknown, req: Request, conn: ConnectionInfo): Answer =>
    answerError(error, req, conn, failures);
  const checked = (answer: unknown, req: Request, conn: ConnectionInfo): Answer =>
    answer instanceof Response ? watched(answer) : fail(noResponse(answer, req), req, conn);
  return (run) => (req, params, conn) => {
    try {
      const answer: unknown = run(req, params, conn);
      if (answer instanceof Response) return watched(answer);
      if (!isThenable(answer)) throw noResponse(answer, req);
      return Promise.resolve(answer).then(
        (response) => checked(response, req, conn),
        (error: unknown) => fail(error, req, conn),
      );
    } catch (error) {
      return fail(error, req, conn);
    }
  };
}

/** A body may have been set after its response was made. */
function watched(response: Response): Response {
  if (typeof response.body === "object") watchErrors(response.body);
  return response;
}

function noResponse(value: unknown, req: Request): TypeError {
  const what = value === undefined ? "nothing" : show(value);
  const advice =
    value instanceof globalThis.Response
      ? 'that is the web platform\'s Response; import { Response } from "@hatcheck/core"'
      : "return a Response";
  return new TypeError(
    `The handler or a layer of ${req.method} ${req.route ?? "(no route)"} returned ${what}; ${advice}`,
  );
}
