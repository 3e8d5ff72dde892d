// The offer of a registration: made at a login over TLS, and again a few times where the browser could but did not register.
import type { ConnectionInfo, Request } from "@hatcheck/core";
import { isBound } from "../../model/device.ts";
import type { JsonData } from "../../model/json.ts";
import { andThen } from "../../model/maybe-promise.ts";
import { type Session, stateOf } from "../../model/session.ts";
import { generateSecret } from "../../model/session-id.ts";
import type { Mode, Store } from "../../model/store.ts";
import type { BoundCookies } from "./bound-cookies.ts";
import { makeChallenge } from "./challenge.ts";
import { isUnheard } from "./device-protocol.ts";
import {
  deviceRecordToText,
  type DeviceRecord,
  isHeard,
  type Offer,
  parseDeviceRecord,
} from "./device-record.ts";
import type { DeviceSettings } from "./options.ts";
import { registrationField } from "./structured-field.ts";

/** Milliseconds that a browser has to answer an offer; a TPM may take some seconds to make a key. */
const OFFER_MS = 300_000;
/** Milliseconds after which it is offered again for the first time; each further time takes four times as long. */
const AGAIN_MS = 15_000;
const MOST_OFFERS = 4;

/** What an answer says of a registration. */
export interface OfferFields {
  /** The value of `Secure-Session-Registration`. */
  readonly registration: string;
  /** The value of a `Set-Cookie`, where a bound cookie comes with it. */
  readonly setCookie: string | undefined;
}

/** Makes offers. What goes wrong with one is not the request's concern: its session is an ordinary one until it is bound. */
export class DeviceOffers<Data extends JsonData<Data>, M extends Mode> {
  readonly #store: Store<Data, M>;
  readonly #cookies: BoundCookies;
  readonly #settings: DeviceSettings;
  readonly #againMs: number;

  constructor(store: Store<Data, M>, cookies: BoundCookies, settings: DeviceSettings) {
    this.#store = store;
    this.#cookies = cookies;
    this.#settings = settings;
    this.#againMs = Math.min(AGAIN_MS, settings.refreshMs / 2);
  }

  /** Offers a registration to whoever has just logged in; `undefined` where the session is bound already. */
  first(
    session: Session<Data>,
    conn: ConnectionInfo,
  ): OfferFields | undefined | Promise<OfferFields | undefined> {
    const { device, now } = stateOf(session);
    if (isBound(device)) return undefined;
    const at = now();
    // It overlaps with the first that the registration gives: what is sent while the browser registers has one too.
    const cookie = this.#cookies.make(at);
    const offer: Offer = { kind: "offer", secret: generateSecret(), at, count: 1, cookies: [cookie.given] };
    return this.#write(session, device, offer, at, () => ({
      registration: this.#registration(offer, session.handle, at),
      setCookie: this.#cookies.set(conn, cookie),
    }));
  }

  /** Offers it again where the browser did not register, or did not hear that it has; `undefined` where that is not due. */
  again(
    session: Session<Data>,
    req: Request,
    conn: ConnectionInfo,
  ): OfferFields | undefined | Promise<OfferFields | undefined> {
    const { device, now } = stateOf(session);
    if (device === undefined || !canRegister(req)) return undefined;
    const record = parseDeviceRecord(device);
    if (record === undefined) return undefined;
    const at = now();
    if (record.kind === "binding") {
      // Requests that were under way during the registration have that cookie too: wait until they are through.
      const isDue = at >= record.at + this.#againMs && isUnheard(record, this.#cookies.read(req, conn), at);
      if (!isDue) return undefined;
      return { registration: this.#registration(record, session.handle, at), setCookie: undefined };
    }
    if (record.count >= MOST_OFFERS || at < record.at + this.#againMs * 4 ** (record.count - 1))
      return undefined;
    const cookie = this.#cookies.make(at);
    const offer: Offer = {
      ...record,
      at,
      count: record.count + 1,
      cookies: [...record.cookies, cookie.given],
    };
    return this.#write(session, device, offer, at, () => ({
      registration: this.#registration(offer, session.handle, at),
      setCookie: this.#cookies.set(conn, cookie),
    }));
  }

  #registration({ secret }: DeviceRecord, handle: string, at: number): string {
    const challenge = makeChallenge(secret, "registration", handle, at + OFFER_MS);
    return registrationField(this.#settings.registerPath, challenge);
  }

  #write(
    session: Session<Data>,
    expected: string | undefined,
    offer: Offer,
    at: number,
    made: () => OfferFields,
  ): OfferFields | undefined | Promise<OfferFields | undefined> {
    try {
      const text = deviceRecordToText(offer, at);
      const written = this.#store.exchangeDevice(session, expected, text) as boolean | Promise<boolean>;
      const offered = andThen<boolean, OfferFields | undefined>(written, (isWritten) =>
        isWritten ? made() : undefined,
      );
      return offered instanceof Promise ? offered.catch(() => undefined) : offered;
    } catch {
      return undefined;
    }
  }
}

/** Whether there may be something to offer again: asked of every request of a user, so it parses nothing. */
export function canBeOffered(device: string | undefined): boolean {
  return device !== undefined && !isHeard(device);
}

/** Whether this browser may know of the protocol: those that do are Chromium's, and say so over TLS. The first offer goes to all. */
function canRegister(req: Request): boolean {
  return req.header("sec-ch-ua")?.includes('"Chromium"') ?? false;
}
