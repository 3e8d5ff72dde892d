// Whether a request may open a session that is bound to a device. It may with a bound cookie of that session that is still
// good; with less it is an anonymous visit, and the session itself goes on: whoever holds half of it must not be able to end it.
import type { Request } from "@hatcheck/core";
import { isBound } from "../../model/device.ts";
import type { JsonData } from "../../model/json.ts";
import { type Session, stateOf } from "../../model/session.ts";
import { parseDeviceRecord } from "./device-record.ts";
import type { KnownCookies } from "./known-cookies.ts";
import { skippedSessions } from "./structured-field.ts";

/** Milliseconds after a login in which a browser has to register, where it is required to. */
const REGISTRATION_MS = 60_000;

/** How a request stands to the session that it has named. */
export type Standing =
  /** It is bound to no device. */
  | "unbound"
  /** It is, and the request comes from there. */
  | "bound"
  /** It is, and the request shows no bound cookie that the session knows. */
  | "refused"
  /** As refused, but it shows one that was good before. */
  | "stale"
  /** Sessions have to be bound here, and this one was not in time. */
  | "unregistered";

/** @param arrivedAt when the request came, by the store's clock: what a cookie was good for then is not lost by a slow upload */
export function standingOf<Data extends JsonData<Data>>(
  session: Session<Data>,
  boundCookie: string | undefined,
  known: KnownCookies,
  arrivedAt: number,
  isRequired: boolean,
): Standing {
  const { device, login } = stateOf(session);
  if (device !== undefined && isBound(device)) {
    const end = boundCookie === undefined ? undefined : known.endOf(device, boundCookie);
    if (end === undefined) return "refused";
    return arrivedAt < end ? "bound" : "stale";
  }
  if (!isRequired || login === undefined) return "unbound";
  const offer = device === undefined ? undefined : parseDeviceRecord(device);
  return offer !== undefined && arrivedAt < offer.at + REGISTRATION_MS ? "unbound" : "unregistered";
}

/** Whether a standing lets a request in. */
export function isAdmitted(standing: Standing): boolean {
  return standing === "unbound" || standing === "bound";
}

/** Whether the browser says that it could not refresh this session: it may be its own, and be back soon. */
export function wasSkipped(req: Request, handle: string): boolean {
  return skippedSessions(req.header("secure-session-skipped")).some(
    ({ sessionIdentifier = handle }) => sessionIdentifier === handle,
  );
}

/**
 * Whether a page that was refused is to be asked for once more, by the page itself: a browser refreshes for requests that our own
 * pages have begun, and not for a link on another site; and what was good a moment ago may have been under way.
 *
 * @see W3C webappsec-dbsc, "Identify if a request is allowed to refresh"
 */
export function isWorthAnotherTry(req: Request, standing: Standing): boolean {
  if (req.method !== "GET" || req.header("sec-fetch-mode") !== "navigate") return false;
  if (req.header("sec-fetch-dest") !== "document") return false;
  if (standing === "stale") return true;
  const site = req.header("sec-fetch-site");
  return standing === "refused" && (site === "cross-site" || site === "same-site");
}
