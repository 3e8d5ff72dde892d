// The application: what is registered on it, and how it answers a request. It knows nothing of sockets.
import { type Compiled, compile, type RouteInfo } from "./compile.ts";
import { ConnectionInfo } from "../message/connection.ts";
import { failed, finish, toResponse } from "./finish.ts";
import { isDeadline } from "./deadline.ts";
import type { Definition } from "./definition.ts";
import { announceEnd, requestStart } from "../message/diagnostics.ts";
import type { FinalResponse } from "../message/prepared-response.ts";
import type { Answer, ErrorHandler, Handler, Layer, RouteOptions } from "./handler.ts";
import { parsePattern } from "./pattern.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { type Checks, checkOptions, limitOf, show } from "../options/check.ts";
import type { Method } from "./router.ts";

export interface AppOptions {
  /** Most bytes that a body may have, 1 MiB unless given; routes may differ. */
  bodyLimit?: number;
  /** Most fields that a form or a query may have, 1,000 unless given; routes may differ. */
  maxFields?: number;
}

const APP_OPTIONS: Checks = { bodyLimit: limitOf(" of bytes"), maxFields: limitOf(" of fields") };
const ROUTE_OPTIONS: Checks = {
  ...APP_OPTIONS,
  timeoutMs: (value, label) => {
    if (value !== Number.POSITIVE_INFINITY) isDeadline(value, label);
  },
};

/** Routes, layers around them, and a state that all of them are given. {@link App} can be served, too. */
export class Application<State> {
  readonly #definition: Definition<State>;
  #compiled: Compiled | undefined;

  constructor(state: State, options: AppOptions = {}) {
    checkOptions("App", options, APP_OPTIONS);
    this.#definition = {
      state,
      bodyLimit: options.bodyLimit,
      maxFields: options.maxFields,
      routes: [],
      layers: [],
      mounts: [],
      onError: undefined,
      notFound: undefined,
      sealed: false,
    };
  }

  get<const Pattern extends string>(
    pattern: Pattern,
    handler: Handler<State, Pattern>,
    options?: RouteOptions,
  ): this {
    return this.#route("GET", pattern, handler, options);
  }

  /** Seldom needed: every `get` answers HEAD too. */
  head<const Pattern extends string>(
    pattern: Pattern,
    handler: Handler<State, Pattern>,
    options?: RouteOptions,
  ): this {
    return this.#route("HEAD", pattern, handler, options);
  }

  post<const Pattern extends string>(
    pattern: Pattern,
    handler: Handler<State, Pattern>,
    options?: RouteOptions,
  ): this {
    return this.#route("POST", pattern, handler, options);
  }

  put<const Pattern extends string>(
    pattern: Pattern,
    handler: Handler<State, Pattern>,
    options?: RouteOptions,
  ): this {
    return this.#route("PUT", pattern, handler, options);
  }

  patch<const Pattern extends string>(
    pattern: Pattern,
    handler: Handler<State, Pattern>,
    options?: RouteOptions,
  ): this {
    return this.#route("PATCH", pattern, handler, options);
  }

  delete<const Pattern extends string>(
    pattern: Pattern,
    handler: Handler<State, Pattern>,
    options?: RouteOptions,
  ): this {
    return this.#route("DELETE", pattern, handler, options);
  }

  /** Seldom needed: OPTIONS is answered by itself, with `Allow`. */
  options<const Pattern extends string>(
    pattern: Pattern,
    handler: Handler<State, Pattern>,
    options?: RouteOptions,
  ): this {
    return this.#route("OPTIONS", pattern, handler, options);
  }

  /** All of these methods, save those for which the pattern has a route of its own. */
  all<const Pattern extends string>(
    pattern: Pattern,
    handler: Handler<State, Pattern>,
    options?: RouteOptions,
  ): this {
    return this.#route(undefined, pattern, handler, options);
  }

  /**
   * Serves another app, which keeps its own state and layers, below a prefix of literal segments.
   * Its `/` is the prefix itself. This app's layers stand around it.
   *
   * @throws TypeError when the prefix is malformed, what is mounted is no app, or the app would be mounted in itself.
   */
  mount<Other>(prefix: string, app: Application<Other>): this {
    this.#assertOpen("mount");
    const definition = this.#mounted(prefix, app);
    const { names } = parsePattern(prefix);
    if (names.length > 0) throw new TypeError(`mount(${JSON.stringify(prefix)}): a prefix has no parameters`);
    this.#definition.mounts.push({
      prefix: prefix.endsWith("/") ? prefix.slice(0, -1) : prefix,
      definition,
    });
    return this;
  }

  /** Puts a layer around everything in this app, its errors and its 404s included. The first wrapped is outermost. */
  wrap(layer: Layer<State>): this {
    this.#assertOpen("wrap");
    if (typeof layer !== "function")
      throw new TypeError(`wrap: a layer is a function (req, conn, next, state), got ${show(layer)}`);
    this.#definition.layers.push(layer);
    return this;
  }

  /** Sees whatever was thrown in this app, and may answer it. A mounted app's own handler is asked first. */
  onError(handler: ErrorHandler<State>): this {
    this.#assertOpen("onError");
    if (typeof handler !== "function")
      throw new TypeError(`onError: a handler is a function (error, req, conn, state), got ${show(handler)}`);
    this.#definition.onError = handler;
    return this;
  }

  /** Answers where no route matches. A mounted app without its own uses that of the app around it. */
  notFound(handler: Handler<State>): this {
    this.#assertOpen("notFound");
    if (typeof handler !== "function")
      throw new TypeError(
        `notFound: a handler is a function (req, params, conn, state), got ${show(handler)}`,
      );
    this.#definition.notFound = handler;
    return this;
  }

  /** Every route, those of mounted apps included, in the order of registration; the app takes no others from here on. */
  routes(): readonly RouteInfo[] {
    return this.#compile().routes;
  }

  /** Answers a request in this process, with the very answer that a socket would carry. */
  handle(req: Request, conn: ConnectionInfo = new ConnectionInfo()): Answer {
    const connection = conn.forRequest(req);
    const final = this.respond(req, connection);
    const end = (it: FinalResponse): Response => {
      announceEnd(req, connection, it.statusCode);
      return toResponse(it);
    };
    return final instanceof Promise ? final.then(end) : end(final);
  }

  /** For engines: what is to be sent. Never throws; there is a promise only where a handler or a layer made one. */
  respond(req: Request, conn: ConnectionInfo): FinalResponse | Promise<FinalResponse> {
    const compiled = (this.#compiled ??= this.#compile());
    if (requestStart.hasSubscribers) requestStart.publish({ req, conn });
    const answer = compiled.dispatch(req, conn);
    return answer instanceof Response
      ? finish(compiled, req, conn, answer)
      : answer.then((response) => finish(compiled, req, conn, response));
  }

  /**
   * For engines: what to send in place of an answer that cannot be sent, because of this error. Error handlers are told of
   * it, even where the head is out and the client cannot be. Never throws.
   */
  respondInstead(
    error: unknown,
    broken: FinalResponse,
    req: Request,
    conn: ConnectionInfo,
  ): FinalResponse | Promise<FinalResponse> {
    return failed(this.#compile(), req, conn, toResponse({ ...broken, body: undefined }), error);
  }

  #route<Pattern extends string>(
    method: Method | undefined,
    pattern: Pattern,
    handler: Handler<State, Pattern>,
    options: RouteOptions = {},
  ): this {
    this.#assertOpen(`${(method ?? "all").toLowerCase()} ${JSON.stringify(pattern)}`);
    parsePattern(pattern);
    const route = `Route ${JSON.stringify(pattern)}`;
    if (typeof handler === "function" && typeof options === "function") {
      throw new TypeError(
        `${route}: a route has one handler; what comes before it is a layer: wrap() it around an app of its own, and mount() that`,
      );
    }
    if (typeof handler !== "function") {
      throw new TypeError(
        `${route}: a handler is a function (req, params, conn, state), got ${show(handler)}; options come after it`,
      );
    }
    checkOptions(route, options, ROUTE_OPTIONS);
    const { routes } = this.#definition;
    const { bodyLimit, maxFields, timeoutMs } = options;
    routes.push({ method, pattern, handler: handler as Handler<State>, bodyLimit, maxFields, timeoutMs });
    return this;
  }

  /** The definition of an app that is to be mounted. */
  #mounted(prefix: unknown, app: unknown): Definition<unknown> {
    if (prefix instanceof Application) {
      throw new TypeError('mount: say where the app is mounted first: mount("/", app)');
    }
    const isApp = typeof app === "object" && app !== null && #definition in app;
    if (!isApp) {
      const advice =
        typeof app === "function"
          ? 'a handler for all below a path is all("/path/*rest", handler), and a layer is wrapped'
          : "mount an app, made by App.withState or new App of this same copy of @hatcheck/core";
      throw new TypeError(`mount(${show(prefix)}): ${show(app)} is no app; ${advice}`);
    }
    const definition = app.#definition as Definition<unknown>;
    if (holds(definition, this.#definition as Definition<unknown>))
      throw new TypeError(`mount(${show(prefix)}): an app cannot be mounted in itself`);
    return definition;
  }

  #compile(): Compiled {
    return (this.#compiled ??= compile(this.#definition as Definition<unknown>));
  }

  #assertOpen(what: string): void {
    if (!this.#definition.sealed) return;
    throw new TypeError(`${what}: the app is in use already; register everything before the first request`);
  }
}

/** Whether an app is another one, or has it mounted somewhere. */
function holds(app: Definition<unknown>, other: Definition<unknown>): boolean {
  return app === other || app.mounts.some(({ definition }) => holds(definition, other));
}
