// Challenges. A record holds one secret, from which they are made and by which they are known again, on any process: a
// challenge that is given out costs no write, and once a proof was accepted the secret is another, and all of them are dead.
import { createHmac, timingSafeEqual } from "node:crypto";

/** What a challenge is for: one kind never stands for the other. */
export type Purpose = "registration" | "refresh";

/**
 * A challenge: when it ends, in milliseconds since the epoch by the store's clock, and the MAC of that, of its purpose and
 * of its session.
 */
export function makeChallenge(secret: string, purpose: Purpose, handle: string, expiresAt: number): string {
  const end = expiresAt.toString(36);
  return `${end}.${mac(secret, purpose, handle, end)}`;
}

/** Whether a challenge is one of these, and still good. */
export function isGoodChallenge(
  challenge: string,
  secret: string,
  purpose: Purpose,
  handle: string,
  now: number,
): boolean {
  const [end = "", sum = "", ...rest] = challenge.split(".", 3);
  if (rest.length > 0 || !/^[0-9a-z]{1,11}$/.test(end)) return false;
  const expected = Buffer.from(mac(secret, purpose, handle, end));
  const given = Buffer.from(sum);
  return given.length === expected.length && timingSafeEqual(given, expected) && now < parseInt(end, 36);
}

function mac(secret: string, purpose: Purpose, handle: string, end: string): string {
  return createHmac("sha256", secret).update(`${purpose} ${handle} ${end}`).digest("base64url");
}
