// Device-bound sessions as the session layer uses them: what is asked of every request, and what is added to its answer.
import { cancelBody, type Answer, type ConnectionInfo, type Request, Response } from "@hatcheck/core";
import { DeviceRequiredError } from "../../model/errors.ts";
import { refused, skipped } from "../../model/events.ts";
import type { JsonData } from "../../model/json.ts";
import { type Session, stateOf } from "../../model/session.ts";
import type { Mode, Store } from "../../model/store.ts";
import type { SessionCookieOptions } from "../session-cookie.ts";
import type { Outcome, SessionPlan } from "../session-plan.ts";
import type { SessionTransport, Shown } from "../session-transport.ts";
import { BoundCookies } from "./bound-cookies.ts";
import { isAdmitted, isWorthAnotherTry, type Standing, standingOf, wasSkipped } from "./device-gate.ts";
import { canBeOffered, DeviceOffers, type OfferFields } from "./device-offer.ts";
import { DeviceProtocol } from "./device-protocol.ts";
import { KnownCookies } from "./known-cookies.ts";
import { type DeviceBoundOptions, type DeviceSettings, deviceSettingsOf } from "./options.ts";
import { skippedSessions } from "./structured-field.ts";

/** A request, as far as its device is concerned. */
export interface DeviceVisit {
  readonly req: Request;
  readonly conn: ConnectionInfo;
  readonly arrivedAt: number | undefined;
  standing: Standing;
  isKeptOut: boolean;
}

/** What binds the sessions of one layer to devices. What is bound stays so where a layer does not bind: it is enforced by all. */
export class DeviceLayer<Data extends JsonData<Data>, M extends Mode> {
  readonly #store: Store<Data, M>;
  readonly #settings: DeviceSettings | undefined;
  readonly #cookies: BoundCookies;
  readonly #known = new KnownCookies();
  readonly #protocol: DeviceProtocol<Data, M> | undefined;
  readonly #offers: DeviceOffers<Data, M> | undefined;

  constructor(
    store: Store<Data, M>,
    transport: SessionTransport,
    cookieOptions: SessionCookieOptions | undefined,
    options: boolean | "required" | DeviceBoundOptions | undefined,
  ) {
    const settings = deviceSettingsOf(options, cookieOptions);
    const cookies = new BoundCookies(cookieOptions, settings?.refreshMs);
    this.#store = store;
    this.#settings = settings;
    this.#cookies = cookies;
    if (settings !== undefined) {
      this.#protocol = new DeviceProtocol(store, transport, cookies, settings);
      this.#offers = new DeviceOffers(store, cookies, settings);
    }
  }

  /** Where its browsers register; `undefined` when it is off. */
  get path(): string | undefined {
    return this.#settings?.registerPath;
  }

  get isOn(): boolean {
    return this.#settings !== undefined;
  }

  /** The answer to a request that a browser makes of itself. */
  answer(req: Request, conn: ConnectionInfo): Answer | undefined {
    if (skipped.hasSubscribers) publishSkipped(req);
    // The scheme last: behind a proxy it is read from the fields of the request, which is not for every request to pay.
    return this.#protocol?.isFor(req.path) && conn.scheme === "https"
      ? this.#protocol.answer(req, conn)
      : undefined;
  }

  /** Whether the request may open the session that it has named. */
  admits(session: Session<Data>, visit: DeviceVisit): boolean {
    const isRequired = this.#settings?.isRequired ?? false;
    // Most sessions are bound to nothing, and cost nothing here.
    if (stateOf(session).device === undefined && !isRequired) return true;
    const { req, conn, arrivedAt = this.#store.now() } = visit;
    const standing = standingOf(session, this.#cookies.read(req, conn), this.#known, arrivedAt, isRequired);
    visit.standing = standing;
    if (isAdmitted(standing)) return true;
    const { handle } = session;
    if (refused.hasSubscribers) refused.publish({ handle, reason: "device" });
    // What shows a cookie that was good may have been long under way; a browser that could not refresh says so.
    visit.isKeptOut = standing === "stale" || (standing === "refused" && wasSkipped(req, handle));
    return false;
  }

  /** @throws DeviceRequiredError for a login that could never be bound, where it has to be. */
  assertLogin(conn: ConnectionInfo): void {
    if (this.#settings?.isRequired && conn.scheme !== "https") throw new DeviceRequiredError();
  }

  /** Whether it is to be asked for again; not where it is a login, as one that another site has sent the user back from. */
  isWorthAnotherTry({ req, standing }: DeviceVisit, { login, isLoggedOut }: SessionPlan<Data, M>): boolean {
    return login === undefined && !isLoggedOut && isWorthAnotherTry(req, standing);
  }

  /** In the place of what was made for an anonymous visitor: a page that asks for itself again, for which the browser refreshes. */
  askAgain({ req, conn }: DeviceVisit, response: Response): Response {
    cancelBody(response.body);
    const answer = Response.html(200, "<!doctype html><html lang=en><title>One moment</title></html>\n");
    answer.headers.push(
      { name: "Refresh", value: "0" },
      { name: "Cache-Control", value: "no-store" },
      { name: "Vary", value: "Cookie" },
    );
    // As long as it has one, the browser does not ask for another.
    if (this.#cookies.read(req, conn) !== undefined) this.#forget(answer, conn);
    return answer;
  }

  /** What is offered to the browser with the answer; a request without a user costs nothing. */
  offer(
    plan: SessionPlan<Data, M>,
    { req, conn, shown }: DeviceVisit & { readonly shown: Shown },
    outcome: Outcome,
  ): OfferFields | undefined | Promise<OfferFields | undefined> {
    const { session, login } = plan;
    // Who holds a token keeps it where no browser binds it.
    if (!plan.isStored || session.userId === undefined || shown.isBearer || login?.bearer) return undefined;
    const hasLoggedIn = login !== undefined && outcome === "set";
    if (!hasLoggedIn && !canBeOffered(stateOf(session).device)) return undefined;
    if (conn.scheme !== "https") return undefined;
    return hasLoggedIn ? this.#offers?.first(session, conn) : this.#offers?.again(session, req, conn);
  }

  addFields(
    answer: Response,
    { req, conn, standing }: DeviceVisit,
    { isLoggedOut, actorCookie }: SessionPlan<Data, M>,
    offer: OfferFields | undefined,
  ): void {
    if (offer !== undefined) {
      answer.headers.push({ name: "Secure-Session-Registration", value: offer.registration });
      if (offer.setCookie !== undefined) answer.headers.push({ name: "Set-Cookie", value: offer.setCookie });
    } else if (isLoggedOut || actorCookie === "clear" || !isAdmitted(standing)) {
      // A bound cookie that opens nothing would keep the browser from asking for one that does.
      if (this.#cookies.read(req, conn) !== undefined) this.#forget(answer, conn);
    }
  }

  #forget(answer: Response, conn: ConnectionInfo): void {
    answer.headers.push({ name: "Set-Cookie", value: this.#cookies.clear(conn) });
  }
}

function publishSkipped(req: Request): void {
  for (const { reason, sessionIdentifier } of skippedSessions(req.header("secure-session-skipped"))) {
    skipped.publish({ handle: sessionIdentifier, reason });
  }
}
