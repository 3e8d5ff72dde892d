// What a browser's own requests are answered: the registration of a key, and the refreshes that prove it. All state is in the
// session's record, so that any process answers; each step is one atomic exchange of the record's text, so that of two that race one
// wins, and the other is asked again.
// W3C webappsec-dbsc, "Send request", "Create session", "JSON Session Instruction Format".
import { type Answer, type ConnectionInfo, type Request, Response } from "@hatcheck/core";
import { SessionStoreUnavailableError } from "../../model/errors.ts";
import { bound, refreshed, refused } from "../../model/events.ts";
import type { JsonData } from "../../model/json.ts";
import { andThen } from "../../model/maybe-promise.ts";
import { type Session, stateOf } from "../../model/session.ts";
import { generateSecret, recordIdOf } from "../../model/session-id.ts";
import type { Mode, Store } from "../../model/store.ts";
import type { SessionTransport } from "../session-transport.ts";
import type { BoundCookies, NewCookie } from "./bound-cookies.ts";
import { isGoodChallenge, makeChallenge } from "./challenge.ts";
import { DeviceKey } from "./device-key.ts";
import {
  type Binding,
  cookieHashOf,
  deviceRecordToText,
  type DeviceRecord,
  parseDeviceRecord,
} from "./device-record.ts";
import type { DeviceSettings } from "./options.ts";
import { isSelfSigned, isSignedBy, MAX_PROOF_LENGTH, parseProof, type UncheckedProof } from "./proof.ts";
import { challengeField, stringItem } from "./structured-field.ts";

/** Milliseconds that a challenge is good which a browser has to answer at once. */
const AT_ONCE_MS = 120_000;
/** The same of one that is sent ahead, beyond the life of the cookie that it comes with. */
const AHEAD_MS = 120_000;
/** Milliseconds after an offer within which its browser may be about to register. */
const REGISTERING_MS = 30_000;
/** How often an exchange is tried again that another request has overtaken. */
const MOST_TRIES = 3;

/** What one request of the protocol is about. */
interface Visit<Data extends JsonData<Data>> {
  readonly req: Request;
  readonly conn: ConnectionInfo;
  readonly session: Session<Data>;
  /** The text of the record, and what it says. */
  readonly text: string | undefined;
  readonly record: DeviceRecord | undefined;
  readonly now: number;
}

/** Answers registrations and refreshes. */
export class DeviceProtocol<Data extends JsonData<Data>, M extends Mode> {
  readonly #store: Store<Data, M>;
  readonly #transport: SessionTransport;
  readonly #bound: BoundCookies;
  readonly #settings: DeviceSettings;

  constructor(
    store: Store<Data, M>,
    transport: SessionTransport,
    boundCookies: BoundCookies,
    settings: DeviceSettings,
  ) {
    this.#store = store;
    this.#transport = transport;
    this.#bound = boundCookies;
    this.#settings = settings;
  }

  /** Whether this is a path of the protocol. */
  isFor(path: string): boolean {
    const { registerPath, refreshPath } = this.#settings;
    return path === registerPath || path === refreshPath;
  }

  /** The answer to a request of the protocol. An outage of the store is 503, which ends nothing. */
  answer(req: Request, conn: ConnectionInfo): Answer {
    if (req.method !== "POST") return problem(405, "Browsers POST here.", [["Allow", "POST"]]);
    try {
      const answer =
        req.path === this.#settings.registerPath ? this.#register(req, conn, 1) : this.#refresh(req, conn, 1);
      return answer instanceof Promise ? answer.catch(outageOf) : answer;
    } catch (error) {
      return outageOf(error);
    }
  }

  #register(req: Request, conn: ConnectionInfo, tries: number): Answer {
    return this.#open(req, conn, (visit) =>
      visit === undefined || visit.session.userId === undefined
        ? problem(403, "There is no login to bind.")
        : this.#bind(visit, tries),
    );
  }

  #bind(visit: Visit<Data>, tries: number): Answer {
    const { req, conn, session, record, now } = visit;
    if (record === undefined || !this.#isOpenToRegistration(visit, record))
      return problem(409, "The session is bound already, or was never to be.");
    const { secret, cookies } = record;
    const proof = proofOf(req);
    if (proof?.key === undefined) return problem(400, "This is no proof of a key.");
    // Before the signature: whoever has no challenge costs no arithmetic.
    if (!isGoodChallenge(proof.challenge, secret, "registration", session.handle, now)) {
      return problem(403, "The challenge is not one of this session, or too old.");
    }
    if (!isSelfSigned(proof)) return problem(400, "The proof is not signed by its key.");
    const cookie = this.#bound.make(now);
    const binding: Binding = {
      kind: "binding",
      secret: generateSecret(),
      at: now,
      unheardBy: record.kind === "offer" ? cookies.at(-1)?.hash : record.unheardBy,
      key: proof.key.text,
      cookies: [...cookies, cookie.given],
    };
    return this.#exchange(visit, binding, (isDone) => {
      if (!isDone) {
        return tries < MOST_TRIES
          ? this.#register(req, conn, tries + 1)
          : problem(409, "Another request was faster.");
      }
      if (bound.hasSubscribers) bound.publish({ handle: session.handle });
      return this.#instructions(visit, binding, cookie);
    });
  }

  /**
   * Whether a key may be registered: after an offer; or where one was, but the browser did not hear of it, as it shows by the cookie
   * from before.
   */
  #isOpenToRegistration({ req, conn, now }: Visit<Data>, record: DeviceRecord): boolean {
    return record.kind === "offer" || isUnheard(record, this.#bound.read(req, conn), now);
  }

  #refresh(req: Request, conn: ConnectionInfo, tries: number): Answer {
    const identifier = stringItem(req.header("sec-secure-session-id"), 256);
    // Only a browser itself can set this field: what another site makes it send ends here.
    if (identifier === undefined) return problem(400, "Sec-Secure-Session-Id is missing.");
    return this.#open(req, conn, (visit) => {
      if (visit === undefined) return this.#ended(req, conn, identifier);
      const { session, record, now } = visit;
      if (session.handle !== identifier)
        return this.#isActor(req, conn, identifier) ? later() : ended(identifier);
      if (record?.kind === "binding") return this.#prove(visit, record, tries);
      // A login has begun anew, and its registration is under way.
      const isRegistering = record !== undefined && now < record.at + REGISTERING_MS;
      return isRegistering ? later() : ended(identifier);
    });
  }

  #prove(visit: Visit<Data>, record: Binding, tries: number): Answer {
    const { req, conn, session, now } = visit;
    if (req.header("secure-session-response") === undefined) return this.#challenge(visit, record);
    const proof = proofOf(req);
    // A challenge that is used up or too old is what a browser has when two refreshes race, or an answer was lost.
    const isOld =
      proof !== undefined && !isGoodChallenge(proof.challenge, record.secret, "refresh", session.handle, now);
    if (isOld) return this.#challenge(visit, record);
    const key = DeviceKey.fromText(record.key);
    if (proof === undefined || key === undefined || !isSignedBy(proof, key)) {
      if (refused.hasSubscribers) refused.publish({ handle: session.handle, reason: "device" });
      return this.#challenge(visit, record);
    }
    const cookie = this.#bound.make(now);
    const next: Binding = {
      ...record,
      secret: generateSecret(),
      unheardBy: undefined,
      cookies: [...record.cookies, cookie.given],
    };
    return this.#exchange(visit, next, (isDone) => {
      // The other one has used the challenge up: this one is asked again.
      if (!isDone) return tries < MOST_TRIES ? this.#refresh(req, conn, tries + 1) : later();
      if (refreshed.hasSubscribers) refreshed.publish({ handle: session.handle });
      return this.#instructions(visit, next, cookie);
    });
  }

  #open(req: Request, conn: ConnectionInfo, next: (visit: Visit<Data> | undefined) => Answer): Answer {
    const id = this.#transport.readCookie(req, conn);
    if (id === undefined) return next(undefined);
    const found = this.#store.load(id) as Session<Data> | undefined | Promise<Session<Data> | undefined>;
    return andThen<Session<Data> | undefined, Response>(found, (session) => {
      if (session === undefined) return next(undefined);
      const { device: text, now } = stateOf(session);
      const record = text === undefined ? undefined : parseDeviceRecord(text);
      return next({ req, conn, session, text, record, now: now() });
    });
  }

  #exchange(visit: Visit<Data>, next: DeviceRecord, done: (isDone: boolean) => Answer): Answer {
    const { session, text, now } = visit;
    const exchanged = this.#store.exchangeDevice(session, text, deviceRecordToText(next, now)) as
      | boolean
      | Promise<boolean>;
    return andThen<boolean, Response>(exchanged, done);
  }

  /** The answer that gives a bound cookie, says what it is good for, and has the next challenge with it. */
  #instructions({ conn, session, now }: Visit<Data>, { secret }: Binding, cookie: NewCookie): Response {
    const { handle } = session;
    const { refreshPath, refreshMs } = this.#settings;
    const response = Response.json(200, {
      session_identifier: handle,
      refresh_url: refreshPath,
      // Behind a proxy it is the origin that the browser sees; a wrong one ends the session in the browser without a word.
      scope: { ...originOf(conn), include_site: false, scope_specification: [] },
      credentials: [
        { type: "cookie", name: this.#bound.name(conn), attributes: this.#bound.attributes(conn) },
      ],
    });
    const ahead = makeChallenge(secret, "refresh", handle, now + refreshMs + AHEAD_MS);
    response.headers.push(
      { name: "Set-Cookie", value: this.#bound.set(conn, cookie) },
      { name: "Secure-Session-Challenge", value: challengeField(ahead, handle) },
    );
    return closed(response);
  }

  /** 403, and nothing else, makes a browser answer a challenge. */
  #challenge({ session: { handle }, now }: Visit<Data>, { secret }: Binding): Response {
    const challenge = makeChallenge(secret, "refresh", handle, now + AT_ONCE_MS);
    return problem(403, "Prove that you hold the key.", [
      ["Secure-Session-Challenge", challengeField(challenge, handle)],
    ]);
  }

  /** Whether it is the session of whoever acts in another's name: it goes on, and its turn comes when they are back. */
  #isActor(req: Request, conn: ConnectionInfo, identifier: string): boolean {
    const actorId = this.#transport.readActor(req, conn);
    return actorId !== undefined && recordIdOf(actorId) === identifier;
  }

  /** There is no session: unless its id was replaced a moment ago, and the browser is about to get the new one. */
  #ended(req: Request, conn: ConnectionInfo, identifier: string): Answer {
    const id = this.#transport.readCookie(req, conn);
    if (id === undefined) return ended(identifier);
    if (this.#isActor(req, conn, identifier)) return later();
    const replaced = this.#store.wasReplaced(id) as boolean | Promise<boolean>;
    return andThen<boolean, Response>(replaced, (isReplaced) => (isReplaced ? later() : ended(identifier)));
  }
}

function proofOf(req: Request): UncheckedProof | undefined {
  const token = stringItem(req.header("secure-session-response"), MAX_PROOF_LENGTH);
  return token === undefined ? undefined : parseProof(token);
}

/** Whether a browser's cookie shows that it did not hear of the binding: it is still that of the offer, and still good. */
export function isUnheard({ unheardBy, cookies }: Binding, cookie: string | undefined, now: number): boolean {
  if (cookie === undefined || unheardBy !== cookieHashOf(cookie)) return false;
  return cookies.some(({ hash, expiresAt }) => hash === unheardBy && now < expiresAt);
}

/** The origin as the browser writes it; nothing where it has named no host, which leaves it to the browser. */
function originOf({ host }: ConnectionInfo): { origin?: string } {
  const url = `https://${host}`;
  return URL.canParse(url) ? { origin: new URL(url).origin } : {};
}

/** Tells the browser to forget its key: the session is over. */
function ended(identifier: string): Response {
  return closed(Response.json(200, { session_identifier: identifier, continue: false }));
}

/** Ends nothing: the browser goes on, and tries again with its next request. */
function later(): Response {
  return problem(503, "Try again shortly.", [["Retry-After", "1"]]);
}

function outageOf(error: unknown): Response {
  const { headers } = new SessionStoreUnavailableError(error);
  return problem(
    503,
    "Sessions are unavailable for the moment; try again shortly.",
    headers.map(({ name, value }): [string, string] => [name, value]),
  );
}

/** Made here and not by an application's `onError`: a redirect in its place would end the session in the browser. */
function problem(
  status: number,
  detail: string,
  fields: readonly (readonly [string, string])[] = [],
): Response {
  const response = Response.json(status, { status, detail });
  response.setHeader("Content-Type", "application/problem+json");
  for (const [name, value] of fields) response.headers.push({ name, value });
  return closed(response);
}

/** These answers are for the browser alone, and tell another site nothing. */
function closed(response: Response): Response {
  response.headers.push(
    { name: "Cache-Control", value: "no-store" },
    { name: "Cross-Origin-Resource-Policy", value: "same-origin" },
    { name: "X-Frame-Options", value: "DENY" },
  );
  return response;
}
