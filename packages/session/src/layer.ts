// The session layer: opens a session when a handler asks for it, and stores it before the first byte of the answer.
import {
  addToList,
  type Answer,
  cancelBody,
  type ConnectionInfo,
  HttpError,
  type Layer,
  type Request,
  RequestKey,
  Response,
} from "@hatcheck/core";
import { SessionStoreUnavailableError, SessionTooLargeError } from "./errors.ts";
import type { JsonData } from "./json.ts";
import { andThen } from "./maybe-promise.ts";
import { type Outcome, RequestSession } from "./request-session.ts";
import { type SessionCookie, type SessionCookieOptions, sessionCookieOf } from "./session-cookie.ts";
import type { Client, Mode, Result, Store } from "./store.ts";

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

/** What the layer keeps with a request. */
interface Visit<Data extends JsonData<Data>, M extends Mode> {
  readonly conn: ConnectionInfo;
  session: RequestSession<Data, M> | Promise<RequestSession<Data, M>> | undefined;
  /** Whether the browser sent a cookie of this layer. */
  hadCookie: boolean;
  committed: boolean;
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
  const cookie = sessionCookieOf(options.cookie);
  const visits = new RequestKey<Visit<Data, M>>();
  const clientOf = options.recordClient ? recordClient : recordNothing;

  const layer: Layer = (req, conn, next) => {
    const visit: Visit<Data, M> = { conn, session: undefined, hadCookie: false, committed: false };
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
      visit.session = open(visit, req);
    }
    return visit.session as Result<M, RequestSession<Data, M>>;
  };

  const open = (
    visit: Visit<Data, M>,
    req: Request,
  ): RequestSession<Data, M> | Promise<RequestSession<Data, M>> => {
    const { id, sent } = cookie.read(req, visit.conn);
    visit.hadCookie = sent;
    const client = () => clientOf(req, visit.conn);
    if (id !== undefined) {
      return andThen(
        attempt(() => store.load(id)),
        (found) => new RequestSession(store, found, client),
      );
    }
    const session = new RequestSession(store, undefined, client);
    return store.mode === "sync" ? session : Promise.resolve(session);
  };

  return Object.assign(layer, { of });
}

/** Stores what the handler did to its session, and tells the browser what it must know. */
function commit<Data extends JsonData<Data>, M extends Mode>(
  visit: Visit<Data, M>,
  response: Response,
  cookie: SessionCookie,
): Answer {
  visit.committed = true;
  const { session } = visit;
  // Whoever never asked for the session pays nothing for it.
  if (session === undefined) return response;
  const refuse = (error: unknown): never => {
    cancelBody(response.body);
    throw toAnswer(error);
  };
  try {
    const outcome = andThen(session, (opened) =>
      andThen(opened.commit(response.statusCode >= 500), (done) =>
        finish(visit, opened, response, done, cookie),
      ),
    );
    return outcome instanceof Promise ? outcome.catch(refuse) : outcome;
  } catch (error) {
    return refuse(error);
  }
}

function finish<Data extends JsonData<Data>, M extends Mode>(
  { conn, hadCookie }: Visit<Data, M>,
  session: RequestSession<Data, M>,
  response: Response,
  outcome: Outcome,
  cookie: SessionCookie,
): Response {
  const answer = response.clone();
  addToList(answer.headers, "Vary", "Cookie");
  if (outcome === "unchanged" || (outcome === "clear" && !hadCookie)) return answer;
  const { id, maxAgeSeconds } = session.ticket;
  const value = outcome === "clear" ? cookie.clear(conn) : cookie.set(conn, id, maxAgeSeconds);
  answer.headers.push({ name: "Set-Cookie", value });
  if (answer.header("cache-control") === undefined)
    answer.headers.push({ name: "Cache-Control", value: "no-store" });
  return answer;
}

/** A store of another's making may throw anything; here it is an outage. */
function attempt<Value>(call: () => Value | Promise<Value>): Value | Promise<Value> {
  const refuse = (error: unknown): never => {
    throw toAnswer(error);
  };
  try {
    const value = call();
    return value instanceof Promise ? value.catch(refuse) : value;
  } catch (error) {
    return refuse(error);
  }
}

function toAnswer(error: unknown): HttpError {
  if (error instanceof SessionTooLargeError)
    return new HttpError(503, "The session could not be stored.", { cause: error });
  return error instanceof HttpError ? error : new SessionStoreUnavailableError(error);
}

function recordClient(req: Request, conn: ConnectionInfo): Client {
  return { ip: conn.clientIp, userAgent: req.header("user-agent") };
}

function recordNothing(): Client {
  return {};
}
