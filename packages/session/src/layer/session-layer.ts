// The session layer: opens a session when a handler asks for it, and stores it before the first byte of the answer.
import {
  type Answer,
  cancelBody,
  type ConnectionInfo,
  HttpError,
  isCrossOrigin,
  type Layer,
  type Request,
  Response,
  withMembers,
} from "@hatcheck/core";
import { type Checks, checkOptions, isBoolean, numberThat, show } from "@hatcheck/core/options";
import { SessionStoreUnavailableError } from "../model/errors.ts";
import type { JsonData } from "../model/json.ts";
import { andThen } from "../model/maybe-promise.ts";
import type { Session } from "../model/session.ts";
import type { Mode, Result, Store } from "../model/store.ts";
import { DeviceLayer, type DeviceVisit } from "./device/device-layer.ts";
import type { OfferFields } from "./device/device-offer.ts";
import { assertDeviceBound, type DeviceBoundOptions } from "./device/options.ts";
import { withLivingActor } from "./living-actor.ts";
import { makePrivate } from "./private-answer.ts";
import { planOf, RequestSession } from "./request-session.ts";
import {
  COOKIE_OPTIONS,
  type SessionCookie,
  type SessionCookieOptions,
  sessionCookieOf,
} from "./session-cookie.ts";
import { type Outcome, SessionPlan } from "./session-plan.ts";
import { SessionTransport } from "./session-transport.ts";
import { type SessionWatch, SessionWatcher, type Watchable } from "./session-watch.ts";
import { Visit, VISITS } from "./visit.ts";

export interface SessionLayerOptions {
  cookie?: SessionCookieOptions;
  /** Records address and user agent at login, for the list of a user's devices. Off unless given. */
  recordClient?: boolean;
  /**
   * Binds each login over TLS to a key that cannot leave the device, where the browser supports it: a stolen cookie then opens
   * nothing. `"required"` ends the sessions of users whose browsers do not. Off unless given.
   *
   * @see docs/device-bound-sessions.md
   */
  deviceBound?: boolean | "required" | DeviceBoundOptions;
  /**
   * Takes ids from `Authorization: Bearer` too, for clients that are no browsers. Where a request has one, its cookies are not
   * looked at, and new ids go out in the field `Session-Token`. Off unless given.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6750
   */
  bearer?: boolean;
  /** Seconds after which {@link SessionLayer.watch} knows of a session that something else has ended; 10 unless given. */
  watchSeconds?: number;
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

  /** The session of a request, if a handler has opened it: for logs, which ask when all is over. It can be read, not changed. */
  opened(req: Request): RequestSession<Data, M> | undefined;

  /**
   * The session that a request shows, outside of the layer: for upgrades to WebSockets. It is a snapshot; `undefined` where
   * there is none. It creates and changes nothing but "last seen".
   *
   * @throws HttpError 403 (or rejects with it) when another site made the browser send it, unless by a bearer token;
   * SessionStoreUnavailableError when the store cannot answer.
   */
  read(req: Request, conn: ConnectionInfo, options?: ReadOptions): Result<M, Session<Data> | undefined>;

  /**
   * Tells an open connection when the session that it was opened with has ended: at once when this process ends it, and within
   * {@link SessionLayerOptions.watchSeconds} when something else does. Stop it when the connection is closed.
   *
   * @throws TypeError when nobody is logged in.
   */
  watch(session: Watchable): SessionWatch;
}

/** Options of {@link SessionLayer.read}. */
export interface ReadOptions {
  /** Other origins that may open a connection with our users' cookies, such as `"https://app.example.org"`. */
  trustedOrigins?: readonly string[];
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
  const { recordClient = false, bearer = false, watchSeconds = 10 } = options;
  const transport = new SessionTransport(cookie, options.cookie, bearer);
  const device = new DeviceLayer(store, transport, options.cookie, options.deviceBound);

  const visitOf = (req: Request): Visit<Data, M> | undefined => {
    let visit = VISITS.get(req);
    while (visit !== undefined && visit.layer !== layer) visit = visit.outer;
    // A visit of this layer is one of its types.
    return visit as Visit<Data, M> | undefined;
  };

  const layer: Layer = (req, conn, next) => {
    const visit = new Visit<Data, M>(layer, req, conn, transport, recordClient);
    const outer = VISITS.get(req);
    if (outer !== undefined) {
      // Around an app and around what is mounted in it, it is one layer: the outer one stores the session.
      if (visitOf(req) !== undefined) return next();
      assertOtherCookie(outer, cookie, conn);
      assertOtherPath(outer, device.path);
      visit.outer = outer;
    }
    if (device.isOn) {
      const answer = device.answer(req, conn);
      if (answer !== undefined) return answer;
      visit.arrivedAt = store.now();
    }
    visit.cookieName = cookie.name;
    visit.devicePath = device.path;
    VISITS.set(req, visit as Visit<never, Mode>);
    const answer = next();
    return answer instanceof Response
      ? commit(visit, answer, transport, device)
      : answer.then((it) => commit(visit, it, transport, device));
  };

  const of = (req: Request): Result<M, RequestSession<Data, M>> => {
    const visit = visitOf(req);
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

  /** The session that may be opened by what a request shows. */
  const find = (
    visit: DeviceVisit,
    id: string | undefined,
  ): Session<Data> | undefined | Promise<Session<Data> | undefined> => {
    if (id === undefined) return undefined;
    return andThen<Session<Data> | undefined, Session<Data> | undefined>(load(store, id), (found) =>
      found !== undefined && device.admits(found, visit) ? withLivingActor(store, found) : undefined,
    );
  };

  const open = (visit: Visit<Data, M>): RequestSession<Data, M> | Promise<RequestSession<Data, M>> => {
    visit.shown = transport.read(visit.req, visit.conn);
    const opened = andThen<Session<Data> | undefined, RequestSession<Data, M>>(
      find(visit, visit.shown.id),
      (session) => {
        const plan = new SessionPlan(store, session, visit);
        plan.isBound = visit.standing === "bound";
        visit.opened = new RequestSession(plan);
        return visit.opened;
      },
    );
    return store.mode === "sync" || opened instanceof Promise ? opened : Promise.resolve(opened);
  };

  const read = (
    req: Request,
    conn: ConnectionInfo,
    { trustedOrigins = [] }: ReadOptions = {},
  ): Session<Data> | undefined | Promise<Session<Data> | undefined> => {
    const shown = transport.read(req, conn);
    if (!shown.isBearer && isCrossOrigin(req, conn) && !trustedOrigins.includes(req.header("origin") ?? "")) {
      throw new HttpError(403, "This request came from another site.");
    }
    const visit: DeviceVisit = { req, conn, arrivedAt: undefined, standing: "unbound", isKeptOut: false };
    return find(visit, shown.id);
  };

  /** The same, where whatever goes wrong is a rejection. */
  const readLater = async (
    req: Request,
    conn: ConnectionInfo,
    readOptions: ReadOptions | undefined,
  ): Promise<Session<Data> | undefined> => read(req, conn, readOptions);

  const watcher = new SessionWatcher(store, watchSeconds * 1000);

  return Object.assign(layer, {
    of,
    opened: (req: Request) => visitOf(req)?.opened,
    read: (req: Request, conn: ConnectionInfo, readOptions?: ReadOptions) =>
      (store.mode === "sync" ? read(req, conn, readOptions) : readLater(req, conn, readOptions)) as Result<
        M,
        Session<Data> | undefined
      >,
    watch: (session: Watchable) => watcher.watch(session),
  });
}

const OPTIONS: Checks = {
  cookie: (value) => checkOptions("sessionLayer", value, COOKIE_OPTIONS, { within: "cookie" }),
  recordClient: isBoolean,
  bearer: isBoolean,
  watchSeconds: numberThat("a number of seconds above 0, a day at most", (it) => it > 0 && it <= 86_400),
  deviceBound: assertDeviceBound,
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
  transport: SessionTransport,
  device: DeviceLayer<Data, M>,
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
        ? session.then((opened) => settle(visit, opened, response, transport, device))
        : settle(visit, session, response, transport, device);
    return answer instanceof Promise ? answer.catch((error: unknown) => refuse(error, response)) : answer;
  } catch (error) {
    return refuse(error, response);
  }
}

function settle<Data extends JsonData<Data>, M extends Mode>(
  visit: Visit<Data, M>,
  session: RequestSession<Data, M>,
  response: Response,
  transport: SessionTransport,
  device: DeviceLayer<Data, M>,
): Answer {
  const plan = planOf(session);
  if (visit.standing !== "unbound" && response.statusCode < 500 && device.isWorthAnotherTry(visit, plan)) {
    plan.isSealed = true;
    return device.askAgain(visit, response);
  }
  if (plan.login !== undefined) device.assertLogin(visit.conn);
  const outcome = plan.commit(response.statusCode);
  const offerAndFinish = (it: Outcome): Answer => {
    const offer = device.offer(plan, visit, it);
    return offer instanceof Promise
      ? offer.then((made) => finish(visit, session, response, it, transport, device, made))
      : finish(visit, session, response, it, transport, device, offer);
  };
  return outcome instanceof Promise ? outcome.then(offerAndFinish) : offerAndFinish(outcome);
}

function refuse(error: unknown, response: Response): never {
  cancelBody(response.body);
  throw toAnswer(error);
}

function finish<Data extends JsonData<Data>, M extends Mode>(
  visit: Visit<Data, M>,
  session: RequestSession<Data, M>,
  response: Response,
  outcome: Outcome,
  transport: SessionTransport,
  device: DeviceLayer<Data, M>,
  offer: OfferFields | undefined,
): Response {
  const plan = planOf(session);
  const answer = new Response(response, withMembers(response.headers, transport.vary), response.body);
  const before = answer.headers.length;
  transport.tell(answer, visit.conn, visit.shown, plan, outcome);
  device.addFields(answer, visit, plan, offer);
  const setsId = answer.headers.length > before;
  if (setsId || plan.isOfUser) makePrivate(answer, setsId);
  return answer;
}

/** @throws TypeError when a layer around this one reads and sets the same cookie: each would take the other's for its own. */
function assertOtherCookie(outer: Visit<never, Mode>, cookie: SessionCookie, conn: ConnectionInfo): void {
  for (let visit: Visit<never, Mode> | undefined = outer; visit !== undefined; visit = visit.outer) {
    const name = cookie.name(conn);
    if (visit.cookieName?.(conn) !== name) continue;
    throw new TypeError(
      `sessionLayer: two layers around one route have the cookie ${JSON.stringify(name)}; give one another cookie.name, or use one layer for both`,
    );
  }
}

/** @throws TypeError when a layer around this one answers the requests that browsers would make to this one. */
function assertOtherPath(outer: Visit<never, Mode>, path: string | undefined): void {
  for (let visit: Visit<never, Mode> | undefined = outer; visit !== undefined; visit = visit.outer) {
    if (path === undefined || visit.devicePath !== path) continue;
    throw new TypeError(
      "sessionLayer: two layers around one route have the same deviceBound.path; give each a path of its own",
    );
  }
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
  return error instanceof HttpError ? error : new SessionStoreUnavailableError(error);
}
