// The session layer: opens a session when a handler asks for it, and stores it before the first byte of the answer.
import {
  type Answer,
  cancelBody,
  type ConnectionInfo,
  Header,
  HttpError,
  type Layer,
  type Request,
  RequestKey,
  Response,
  withMembers,
} from "@hatcheck/core";
import { SessionStoreUnavailableError, SessionTooLargeError } from "../model/errors.ts";
import { type Checks, checkOptions, isBoolean, show } from "@hatcheck/core/options";
import type { JsonData } from "../model/json.ts";
import { type Outcome, RequestSession, type Visitor } from "./request-session.ts";
import type { Session } from "../model/session.ts";
import {
  COOKIE_OPTIONS,
  type SessionCookie,
  type SessionCookieOptions,
  sessionCookieOf,
} from "./session-cookie.ts";
import { isWellFormedId } from "../model/session-id.ts";
import type { Client, Mode, Result, Store } from "../model/store.ts";

export interface SessionLayerOptions {
  cookie?: SessionCookieOptions;
  /** Records address and user agent at login, for the list of a user's devices. Off unless given. */
  recordClient?: boolean;
}

/** A layer that also gives the session of a request. */
export interface SessionLayer<Data extends JsonData<Data>, M extends Mode> extends Layer {
  /**
   * The session of a request, opened when it is first asked for; one store call at most. Where the store answers at once,
   * so does this.
   *
   * @throws SessionStoreUnavailableError (or rejects with it) when the store cannot answer: 503, never an anonymous visit.
   */
  of(req: Request): Result<M, RequestSession<Data, M>>;
}

const VARY = Header.constant("Vary", "Cookie");
const NO_STORE = Header.constant("Cache-Control", "no-store");

const NOT_RECORDED: Client = Object.freeze({});

/** What the layer keeps with a request. */
class Visit<Data extends JsonData<Data>, M extends Mode> implements Visitor {
  readonly req: Request;
  readonly conn: ConnectionInfo;
  readonly #isRecorded: boolean;
  session: RequestSession<Data, M> | Promise<RequestSession<Data, M>> | undefined;
  /** Whether the browser sent a cookie of this layer. */
  hadCookie = false;
  /** Why the session could not be opened, whatever the handler made of it. */
  outage: unknown;
  committed = false;

  constructor(req: Request, conn: ConnectionInfo, isRecorded: boolean) {
    this.req = req;
    this.conn = conn;
    this.#isRecorded = isRecorded;
  }

  get client(): Client {
    return this.#isRecorded
      ? { ip: this.conn.clientIp, userAgent: this.req.header("user-agent") }
      : NOT_RECORDED;
  }
}

/**
 * Gives every request of an app a session.
 *
 *     const sessions = sessionLayer(new SessionStore(3600));
 *     App.withState({}).wrap(sessions).get("/", (req) => Response.text(200, sessions.of(req).get("name") ?? "stranger"));
 *
 * @throws TypeError when the options of the cookie contradict each other.
 */
export function sessionLayer<Data extends JsonData<Data>, M extends Mode>(
  store: Store<Data, M>,
  options: SessionLayerOptions = {},
): SessionLayer<Data, M> {
  assertStore(store);
  checkOptions("sessionLayer", options, OPTIONS, { elsewhere: { cookie: COOKIE_OPTIONS } });
  const cookie = sessionCookieOf(options.cookie);
  const visits = new RequestKey<Visit<Data, M>>();
  const { recordClient = false } = options;

  const layer: Layer = (req, conn, next) => {
    const visit = new Visit<Data, M>(req, conn, recordClient);
    visits.set(req, visit);
    const answer = next();
    return answer instanceof Response
      ? commit(visit, answer, cookie)
      : answer.then((it) => commit(visit, it, cookie));
  };

  const of = (req: Request): Result<M, RequestSession<Data, M>> => {
    const visit = visits.get(req);
    if (visit === undefined) {
      throw new Error(
        "sessions.of(req): this request did not come through the session layer; wrap the app in it",
      );
    }
    if (visit.session === undefined) {
      if (visit.committed)
        throw new Error("sessions.of(req): the response has begun; open the session before that");
      visit.outage = undefined;
      try {
        visit.session = open(visit);
      } catch (error) {
        visit.outage = error;
        throw error;
      }
      if (visit.session instanceof Promise) {
        visit.session.catch((error: unknown) => {
          visit.outage = error;
        });
      }
    }
    return visit.session as Result<M, RequestSession<Data, M>>;
  };

  const open = (visit: Visit<Data, M>): RequestSession<Data, M> | Promise<RequestSession<Data, M>> => {
    const value = cookie.read(visit.req, visit.conn);
    visit.hadCookie = value !== undefined;
    if (isWellFormedId(value)) {
      const found = load(store, value);
      return found instanceof Promise ? openLater(visit, found) : new RequestSession(store, found, visit);
    }
    const session = new RequestSession(store, undefined, visit);
    return store.mode === "sync" ? session : Promise.resolve(session);
  };

  const openLater = async (
    visit: Visit<Data, M>,
    found: Promise<Session<Data> | undefined>,
  ): Promise<RequestSession<Data, M>> => new RequestSession(store, await found, visit);

  return Object.assign(layer, { of });
}

const OPTIONS: Checks = {
  cookie: (value) => checkOptions("sessionLayer", value, COOKIE_OPTIONS, { within: "cookie" }),
  recordClient: isBoolean,
};

function assertStore(store: unknown): void {
  const mode = (store as Partial<Store> | null | undefined)?.mode;
  if (mode === "sync" || mode === "async") return;
  throw new TypeError(
    `sessionLayer: the first argument must be a store, such as new SessionStore(3600), got ${show(store)}`,
  );
}

/** Stores what the handler did to its session, and tells the browser what it must know. */
function commit<Data extends JsonData<Data>, M extends Mode>(
  visit: Visit<Data, M>,
  response: Response,
  cookie: SessionCookie,
): Answer {
  visit.committed = true;
  const { session, outage } = visit;
  // A handler may catch what opening threw; what it then has to say was said without knowing who asks.
  if (outage !== undefined) return response.statusCode >= 500 ? response : refuse(outage, response);
  // Whoever never asked for the session pays nothing for it.
  if (session === undefined) return response;
  try {
    const answer =
      session instanceof Promise
        ? session.then((opened) => settle(visit, opened, response, cookie))
        : settle(visit, session, response, cookie);
    return answer instanceof Promise ? answer.catch((error: unknown) => refuse(error, response)) : answer;
  } catch (error) {
    return refuse(error, response);
  }
}

function settle<Data extends JsonData<Data>, M extends Mode>(
  visit: Visit<Data, M>,
  session: RequestSession<Data, M>,
  response: Response,
  cookie: SessionCookie,
): Answer {
  const outcome = session.commit(response.statusCode >= 500);
  return outcome instanceof Promise
    ? outcome.then((it) => finish(visit, session, response, it, cookie))
    : finish(visit, session, response, outcome, cookie);
}

function refuse(error: unknown, response: Response): never {
  cancelBody(response.body);
  throw toAnswer(error);
}

function finish<Data extends JsonData<Data>, M extends Mode>(
  { conn, hadCookie }: Visit<Data, M>,
  session: RequestSession<Data, M>,
  response: Response,
  outcome: Outcome,
  cookie: SessionCookie,
): Response {
  const answer = new Response(response, withMembers(response.headers, VARY), response.body);
  if (outcome === "unchanged" || (outcome === "clear" && !hadCookie)) return answer;
  const { id, maxAgeSeconds } = session.ticket;
  const value = outcome === "clear" ? cookie.clear(conn) : cookie.set(conn, id, maxAgeSeconds);
  answer.headers.push({ name: "Set-Cookie", value });
  if (answer.header("cache-control") === undefined) answer.headers.push(NO_STORE);
  return answer;
}

/** A store of another's making may throw anything; here it is an outage. */
function load<Data extends JsonData<Data>, M extends Mode>(
  store: Store<Data, M>,
  id: string,
): Session<Data> | undefined | Promise<Session<Data> | undefined> {
  try {
    const found = store.load(id);
    return found instanceof Promise ? found.catch(throwAsAnswer) : found;
  } catch (error) {
    return throwAsAnswer(error);
  }
}

function throwAsAnswer(error: unknown): never {
  throw toAnswer(error);
}

function toAnswer(error: unknown): HttpError {
  if (error instanceof SessionTooLargeError)
    return new HttpError(503, "The session could not be stored.", { cause: error });
  return error instanceof HttpError ? error : new SessionStoreUnavailableError(error);
}
