// Who is it, and may they: what half of all handlers begin with, asked once in front of them.
import {
  type Answer,
  type ConnectionInfo,
  type Handler,
  HttpError,
  type Layer,
  type Next,
  type Params,
  type Request,
  RequestKey,
  Response,
} from "@hatcheck/core";
import type { RequestSession } from "../layer/request-session.ts";
import type { SessionLayer } from "../layer/session-layer.ts";
import type { JsonData } from "../model/json.ts";
import { andThen } from "../model/maybe-promise.ts";
import type { Mode } from "../model/store.ts";

/** Somebody who is logged in, and their session. */
export interface UserVisit<User, Data extends JsonData<Data>, M extends Mode> {
  readonly user: User;
  readonly session: RequestSession<Data, M>;
}

/** Finds the account of a user's id. */
export type UserFinder<User, State> = (
  userId: string,
  state: State,
) => User | undefined | Promise<User | undefined>;

/** Options of {@link requireUser}. */
export interface RequireUserOptions<User, Data extends JsonData<Data>, M extends Mode, State> {
  /**
   * Finds the account of a user's id; `undefined` when it is gone: the visit is then that of somebody who is not logged in.
   * Without it, the user is the id.
   */
  user?: UserFinder<User, State> | undefined;
  /** Whether this user may; 403 unless it is `true`. */
  allow?: (visit: UserVisit<User, Data, M>, req: Request, state: State) => boolean | Promise<boolean>;
  /**
   * The path of the login page: a browser is sent there, by a GET with `?next=` to come back by (see `localPath`). Programs get
   * 401, and so does everybody without it.
   */
  login?: string;
  /** How long ago the password may have been entered, in seconds; as long as the session lives unless given. */
  authenticatedWithin?: number;
  /** The path of the page that asks for the password again, as `login`; 403 for all others. */
  confirm?: string;
}

/** A handler that is given who is asking, too. */
export type UserHandler<Visit, State = unknown, Pattern extends string = string> = (
  req: Request,
  params: Params<Pattern>,
  conn: ConnectionInfo,
  state: State,
  visit: Visit,
) => Answer;

/** A layer for whole mounts, which also guards single routes. */
export interface UserGuard<User, Data extends JsonData<Data>, M extends Mode, State> extends Layer<State> {
  /** Guards one route: `app.get("/account", member.only((req, params, conn, state, { user }) => …))`. */
  only<RouteState extends State, Pattern extends string>(
    handler: UserHandler<UserVisit<User, Data, M>, RouteState, Pattern>,
  ): Handler<RouteState, Pattern>;
  /** Who is asking, inside of what this guards. @throws Error when the route is outside of it. */
  of(req: Request): UserVisit<User, Data, M>;
}

/**
 * Lets in who is logged in, and who may.
 *
 *     const member = requireUser(sessions, { user: (id) => users.byId(id), login: "/login" });
 *     app.get("/account", member.only((_req, _params, _conn, _state, { user }) => Response.text(200, user.name)));
 *     app.mount("/team", App.withState(state).wrap(member).get("/", (req) => Response.text(200, member.of(req).user.name)));
 *
 * Where the store answers at once, and `user` and `allow` do too, no promise is made.
 *
 * @throws TypeError when an option is none, or a path is no path.
 */
export function requireUser<Data extends JsonData<Data>, M extends Mode, User, State = unknown>(
  sessions: SessionLayer<Data, M>,
  options: RequireUserOptions<User, Data, M, State> & { user: UserFinder<User, State> },
): UserGuard<User, Data, M, State>;
export function requireUser<Data extends JsonData<Data>, M extends Mode, State = unknown>(
  sessions: SessionLayer<Data, M>,
  options?: RequireUserOptions<string, Data, M, State> & { user?: undefined },
): UserGuard<string, Data, M, State>;
export function requireUser<Data extends JsonData<Data>, M extends Mode, User, State>(
  sessions: SessionLayer<Data, M>,
  options: RequireUserOptions<User, Data, M, State> = {},
): UserGuard<User, Data, M, State> {
  assertOptions(sessions, options);
  const { allow, authenticatedWithin } = options;
  // The overloads see to it that User is string where nobody is looked up.
  const find = options.user ?? (sameId as UserFinder<unknown, State> as UserFinder<User, State>);
  const visits = new RequestKey<UserVisit<User, Data, M>>();

  const guard = (req: Request, state: State, next: (visit: UserVisit<User, Data, M>) => Answer): Answer =>
    andThen<RequestSession<Data, M>, Response>(
      sessions.of(req) as RequestSession<Data, M> | Promise<RequestSession<Data, M>>,
      (session) => {
        const { userId } = session;
        if (userId === undefined) return refuse(req, options.login, NOT_LOGGED_IN);
        return andThen<User | undefined, Response>(find(userId, state), (user) => {
          if (user === undefined || user === null) return refuse(req, options.login, NOT_LOGGED_IN);
          if (authenticatedWithin !== undefined && !session.authenticatedWithin(authenticatedWithin)) {
            return refuse(req, options.confirm, NOT_CONFIRMED);
          }
          const visit = { user, session };
          if (allow === undefined) return next(visit);
          return andThen<boolean, Response>(allow(visit, req, state), (may) => {
            if (may !== true) throw new HttpError(403, "You may not do this.");
            return next(visit);
          });
        });
      },
    );

  const layer = (req: Request, _conn: ConnectionInfo, next: Next, state: State): Answer =>
    guard(req, state, (visit) => {
      visits.set(req, visit);
      return next();
    });

  return Object.assign(layer, {
    only<RouteState extends State, Pattern extends string>(
      handler: UserHandler<UserVisit<User, Data, M>, RouteState, Pattern>,
    ): Handler<RouteState, Pattern> {
      if (typeof handler !== "function") throw new TypeError("requireUser().only() takes a handler.");
      return (req, params, conn, state) =>
        guard(req, state, (visit) => handler(req, params, conn, state, visit));
    },
    of(req: Request): UserVisit<User, Data, M> {
      const visit = visits.get(req);
      if (visit === undefined) {
        throw new Error(
          "requireUser().of(): this route is outside of the guard; wrap its app in it, or use only()",
        );
      }
      return visit;
    },
  });
}

const NOT_LOGGED_IN = { status: 401, detail: "You are not logged in." };
const NOT_CONFIRMED = { status: 403, detail: "Enter your password again first." };

/** To the page that helps, where somebody reads the answer; an answer of its own where a program does. */
function refuse(req: Request, page: string | undefined, { status, detail }: typeof NOT_LOGGED_IN): Response {
  if (page === undefined || !isNavigation(req)) throw new HttpError(status, detail);
  // Only a GET can be come back to.
  const query = req.method === "GET" ? `?next=${encodeURIComponent(req.url)}` : "";
  return Response.redirect(303, page + query);
}

/**
 * Whether a browser is about to show the answer: it says so itself, or takes HTML.
 *
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header
 */
function isNavigation(req: Request): boolean {
  const mode = req.header("sec-fetch-mode");
  if (mode !== undefined) return mode === "navigate";
  const accept = req.headerList("accept");
  return accept === undefined || accept.includes("text/html") || accept.includes("*/*");
}

function sameId(userId: string): string {
  return userId;
}

const OPTIONS = ["user", "allow", "login", "authenticatedWithin", "confirm"];

function assertOptions(sessions: { of?: unknown }, options: object): void {
  if (typeof sessions?.of !== "function") {
    throw new TypeError("requireUser(): its first argument is what sessionLayer() gives.");
  }
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!OPTIONS.includes(name)) {
      throw new TypeError(
        `requireUser(): there is no option ${JSON.stringify(name)}; there are ${OPTIONS.join(", ")}.`,
      );
    }
    if (value === undefined) continue;
    if ((name === "user" || name === "allow") && typeof value !== "function") {
      throw new TypeError(`requireUser(): ${name} is a function, got ${typeof value}.`);
    }
    if (
      (name === "login" || name === "confirm") &&
      !(typeof value === "string" && /^\/(?![/\\])[^?#\s]*$/.test(value))
    ) {
      throw new TypeError(`requireUser(): ${name} is a path of this site without a query, such as "/login".`);
    }
    if (name === "authenticatedWithin" && !(typeof value === "number" && value > 0)) {
      throw new TypeError(`requireUser(): authenticatedWithin is a number of seconds above 0.`);
    }
  }
}
