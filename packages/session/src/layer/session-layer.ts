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
import { SessionStoreUnavailableError } from "../model/errors.ts";
import { type Checks, checkOptions, isBoolean, show } from "@hatcheck/core/options";
import type { JsonData } from "../model/json.ts";
import { makePrivate } from "./private-answer.ts";
import { DeviceLayer } from "./device/device-layer.ts";
import type { Standing } from "./device/device-gate.ts";
import type { OfferFields } from "./device/device-offer.ts";
import { assertDeviceBound, type DeviceBoundOptions } from "./device/options.ts";
import { andThen } from "../model/maybe-promise.ts";
import { planOf, RequestSession } from "./request-session.ts";
import { type Outcome, SessionPlan, type Visitor } from "./session-plan.ts";
import { type Session, stateOf } from "../model/session.ts";
import {
  COOKIE_OPTIONS,
  type SessionCookie,
  type SessionCookieOptions,
  sessionCookieOf,
  type Ticket,
} from "./session-cookie.ts";
import { isWellFormedId } from "../model/session-id.ts";
import type { Client, Mode, Result, Store } from "../model/store.ts";

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

const NOT_RECORDED: Client = Object.freeze({});

/** What the layer keeps with a request. */
class Visit<Data extends JsonData<Data>, M extends Mode> implements Visitor {
  readonly layer: Layer;
  readonly req: Request;
  readonly conn: ConnectionInfo;
  readonly #isRecorded: boolean;
  session: RequestSession<Data, M> | Promise<RequestSession<Data, M>> | undefined;
  /** Whether the browser sent a cookie of this layer. */
  hadCookie = false;
  cookieId: string | undefined;
  /** Why the session could not be opened, whatever the handler made of it. */
  outage: unknown;
  committed = false;
  /** When the request came, by the store's clock, where that is of interest. */
  arrivedAt: number | undefined;
  /** How it stands to the device of the session that its cookie names. */
  standing: Standing = "unbound";
  isKeptOut = false;
  /** What a layer around this one keeps. */
  outer: Visit<never, Mode> | undefined;
  cookieName: SessionCookie["name"] | undefined;

  constructor(layer: Layer, req: Request, conn: ConnectionInfo, isRecorded: boolean) {
    this.layer = layer;
    this.req = req;
    this.conn = conn;
    this.#isRecorded = isRecorded;
  }

  get client(): Client {
    return this.#isRecorded
      ? { ip: this.conn.clientIp, userAgent: this.req.header("user-agent") }
      : NOT_RECORDED;
  }

  get abandonedBy(): "client" | "layer" | undefined {
    return this.req.abandonedBy;
  }
}

/** The innermost visit of a request; there may be more layers of sessions around it. */
const VISITS = new RequestKey<Visit<never, Mode>>();

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
  const { recordClient = false } = options;
  const device = new DeviceLayer(store, cookie, options.cookie, options.deviceBound);

  const visitOf = (req: Request): Visit<Data, M> | undefined => {
    let visit = VISITS.get(req);
    while (visit !== undefined && visit.layer !== layer) visit = visit.outer;
    // A visit of this layer is one of its types.
    return visit as Visit<Data, M> | undefined;
  };

  const layer: Layer = (req, conn, next) => {
    const visit = new Visit<Data, M>(layer, req, conn, recordClient);
    const outer = VISITS.get(req);
    if (outer !== undefined) {
      // Around an app and around what is mounted in it, it is one layer: the outer one stores the session.
      if (visitOf(req) !== undefined) return next();
      assertOtherCookie(outer, cookie, conn);
      visit.outer = outer;
    }
    if (device.isOn) {
      const answer = device.answer(req, conn);
      if (answer !== undefined) return answer;
      visit.arrivedAt = store.now();
    }
    visit.cookieName = cookie.name;
    VISITS.set(req, visit as Visit<never, Mode>);
    const answer = next();
    return answer instanceof Response
      ? commit(visit, answer, cookie, device)
      : answer.then((it) => commit(visit, it, cookie, device));
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

  const open = (visit: Visit<Data, M>): RequestSession<Data, M> | Promise<RequestSession<Data, M>> => {
    const value = cookie.read(visit.req, visit.conn);
    visit.hadCookie = value !== undefined;
    if (isWellFormedId(value)) {
      visit.cookieId = value;
      const found = load(store, value);
      return found instanceof Promise ? openLater(visit, found) : sessionOf(visit, found);
    }
    const session = sessionOf(visit, undefined);
    return store.mode === "sync" ? session : Promise.resolve(session);
  };

  const openLater = async (
    visit: Visit<Data, M>,
    found: Promise<Session<Data> | undefined>,
  ): Promise<RequestSession<Data, M>> => sessionOf(visit, await found);

  const sessionOf = (visit: Visit<Data, M>, found: Session<Data> | undefined): RequestSession<Data, M> => {
    const session = found !== undefined && device.admits(found, visit) ? found : undefined;
    const plan = new SessionPlan(store, session, visit);
    plan.isBound = visit.standing === "bound";
    return new RequestSession(plan);
  };

  return Object.assign(layer, { of });
}

const OPTIONS: Checks = {
  cookie: (value) => checkOptions("sessionLayer", value, COOKIE_OPTIONS, { within: "cookie" }),
  recordClient: isBoolean,
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
  cookie: SessionCookie,
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
        ? session.then((opened) => settle(visit, opened, response, cookie, device))
        : settle(visit, session, response, cookie, device);
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
  device: DeviceLayer<Data, M>,
): Answer {
  const plan = planOf(session);
  if (visit.standing !== "unbound" && response.statusCode < 500 && device.isWorthAnotherTry(visit)) {
    plan.isSealed = true;
    return device.askAgain(visit, response);
  }
  if (plan.login !== undefined) device.assertLogin(visit.conn);
  const outcome = plan.commit(response.statusCode);
  if (!device.isOn) {
    return outcome instanceof Promise
      ? outcome.then((it) => finish(visit, session, response, it, cookie, device, undefined))
      : finish(visit, session, response, outcome, cookie, device, undefined);
  }
  return andThen<Outcome, Response>(outcome, (it) =>
    andThen<OfferFields | undefined, Response>(device.offer(plan, visit, it), (offer) =>
      finish(visit, session, response, it, cookie, device, offer),
    ),
  );
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
  cookie: SessionCookie,
  device: DeviceLayer<Data, M>,
  offer: OfferFields | undefined,
): Response {
  const { conn, hadCookie } = visit;
  const answer = new Response(response, withMembers(response.headers, VARY), response.body);
  const before = answer.headers.length;
  if (outcome === "set" || (outcome === "clear" && hadCookie)) {
    const value = outcome === "clear" ? cookie.clear(conn) : cookie.set(conn, ticketOf(session));
    answer.headers.push({ name: "Set-Cookie", value });
  }
  device.addFields(answer, visit, planOf(session).isLoggedOut, offer);
  const setsCookie = answer.headers.length > before;
  if (setsCookie || planOf(session).isOfUser) makePrivate(answer, setsCookie);
  return answer;
}

/** L6: the cookie lives as long as the session may at most, by the store's clock; the idle timeout is the server's business. */
function ticketOf<Data extends JsonData<Data>, M extends Mode>(request: RequestSession<Data, M>): Ticket {
  const { id, expiresAt, now, login } = stateOf(planOf(request).session);
  const maxAgeSeconds = Math.max(0, Math.ceil((expiresAt - now()) / 1000));
  return { id, maxAgeSeconds, persistent: login?.persistent };
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
