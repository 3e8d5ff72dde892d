// What a session's record keeps of its device, as text that stores do not look into: the offer of a registration, or the
// binding that came of it. It holds a public key, hashes of cookies, and a secret that makes challenges: whoever reads a dump of
// it can neither sign a proof nor make a bound cookie, not even with a session's id in hand.
import { hash } from "node:crypto";
import { OFFER_PREFIX } from "../../model/device.ts";

/** A bound cookie that was given out: a hash of its value, and the end of its life in milliseconds since the epoch. */
export interface GivenCookie {
  readonly hash: string;
  readonly expiresAt: number;
}

/** A registration that was offered to the browser at a login. */
export interface Offer {
  readonly kind: "offer";
  /** What challenges are made from. */
  readonly secret: string;
  /** When it was last offered, in milliseconds since the epoch. */
  readonly at: number;
  /** How often. */
  readonly count: number;
  /** The cookie that was given with it, so that no request that is under way while the browser registers loses its session. */
  readonly cookies: readonly GivenCookie[];
}

/** The key to which a session is bound. */
export interface Binding {
  readonly kind: "binding";
  readonly secret: string;
  /** When it was registered, in milliseconds since the epoch. */
  readonly at: number;
  /**
   * The hash of the cookie that came with the offer, until a refresh has shown that the browser knows of the binding: where it did not
   * hear of it, this is the cookie that it still has.
   */
  readonly unheardBy: string | undefined;
  /** The text of a {@link DeviceKey}. */
  readonly key: string;
  /** Those that were given out and may still be good, the newest last. */
  readonly cookies: readonly GivenCookie[];
}

export type DeviceRecord = Offer | Binding;

/** Most bound cookies that overlap: only a browser that refreshes all the time has more than two. */
const MOST_COOKIES = 16;
const HASH = "[A-Za-z0-9_-]{22}";
const COOKIES = `(?:,${HASH}[0-9a-z]{9})*`;
const OFFER = new RegExp(`^${OFFER_PREFIX}([A-Za-z0-9_-]{43}) ([0-9a-z]{9}) ([0-9]{1,3}) (${COOKIES})$`);
const BINDING = new RegExp(
  `^bound ([A-Za-z0-9_-]{43}) ([0-9a-z]{9}) (-|${HASH}) ([ER][A-Za-z0-9_-]{86,683}) (${COOKIES})$`,
);

/** The text of a record; cookies that have ended are left out. */
export function deviceRecordToText(record: DeviceRecord, now: number): string {
  const { secret, at } = record;
  const cookies = record.cookies
    .filter(({ expiresAt }) => expiresAt > now)
    .slice(-MOST_COOKIES)
    .map((cookie) => `,${cookie.hash}${timeToText(cookie.expiresAt)}`)
    .join("");
  return record.kind === "offer"
    ? `${OFFER_PREFIX}${secret} ${timeToText(at)} ${Math.min(record.count, 999)} ${cookies}`
    : `bound ${secret} ${timeToText(at)} ${record.unheardBy ?? "-"} ${record.key} ${cookies}`;
}

/** The record of a text; `undefined` when it cannot be read. */
export function parseDeviceRecord(text: string): DeviceRecord | undefined {
  const offer = OFFER.exec(text);
  if (offer !== null) {
    const [, secret = "", at = "", count = "", cookies = ""] = offer;
    return { kind: "offer", secret, at: timeOf(at), count: Number(count), cookies: cookiesOf(cookies) };
  }
  const binding = BINDING.exec(text);
  if (binding === null) return undefined;
  const [, secret = "", at = "", unheardBy, key = "", cookies = ""] = binding;
  return {
    kind: "binding",
    secret,
    at: timeOf(at),
    unheardBy: unheardBy === "-" ? undefined : unheardBy,
    key,
    cookies: cookiesOf(cookies),
  };
}

/** Whether a text is that of a binding of which its browser knows, without parsing it. */
export function isHeard(text: string): boolean {
  return text.startsWith("bound ") && text.startsWith(" - ", 59);
}

/**
 * The end of a bound cookie's life, in milliseconds since the epoch, by the hash of its value and the text of a record; `undefined`
 * when it is none of those that the record tells of. Asked of every request to a bound session, so it parses nothing.
 */
export function endOfHash(text: string, cookieHash: string): number | undefined {
  const at = text.indexOf(`,${cookieHash}`);
  return at === -1 ? undefined : timeOf(text.slice(at + 23, at + 32));
}

/** What a record keeps of a bound cookie: 132 bits of its SHA-256. */
export function cookieHashOf(cookie: string): string {
  return hash("sha256", cookie, "base64url").slice(0, 22);
}

/** Nine digits of base 36 last until the year 5188. */
function timeToText(time: number): string {
  return Math.round(time).toString(36).padStart(9, "0");
}

function timeOf(text: string): number {
  return parseInt(text, 36);
}

function cookiesOf(text: string): GivenCookie[] {
  const cookies: GivenCookie[] = [];
  for (let at = 0; at < text.length; at += 32) {
    cookies.push({ hash: text.slice(at + 1, at + 23), expiresAt: timeOf(text.slice(at + 23, at + 32)) });
  }
  return cookies;
}
