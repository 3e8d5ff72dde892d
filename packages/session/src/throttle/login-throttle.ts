// Limits how often a password may be guessed: for an account from anywhere, and from an address for any account. Where the
// limiters count in Redis or Postgres, the limits hold over all processes.
import { createHash } from "node:crypto";
import {
  addressKey,
  assertLimiter,
  type ConnectionInfo,
  type Header,
  type RateLimiter,
  takePoint,
} from "@hatcheck/core";

/** Options of {@link loginThrottle}. */
export interface LoginThrottleOptions {
  /** Wrong passwords for one account, whoever tries: 10 in a quarter of an hour is usual. */
  byAccount: RateLimiter;
  /** Wrong passwords from one address, whatever the account: 100 in a quarter of an hour, since offices share one. */
  byAddress: RateLimiter;
}

/** An attempt that may be made. */
export interface LoginAttempt {
  /** What is left, as the fields `RateLimit` and `RateLimit-Policy`: for the answer to a wrong password. */
  readonly headers: readonly Header[];
  /** The password was right: it counts for nobody. */
  succeeded(): Promise<void>;
}

export interface LoginThrottle {
  /**
   * Counts an attempt before it is made: a hundred at once are a hundred. Call it before the password is verified.
   *
   * @param account as it was typed, after whatever makes two spellings the same account; it need not exist. `undefined`
   *   counts for the address alone: for a registration, or a mail that is sent.
   * @throws HttpError 429 with `Retry-After` when there were too many, 503 when they cannot be counted.
   */
  attempt(conn: ConnectionInfo, account?: string): Promise<LoginAttempt>;
}

/**
 * Throttles logins.
 *
 *     const logins = loginThrottle({
 *       byAccount: new RateLimiterRedis({ storeClient, keyPrefix: "account", points: 10, duration: 900 }),
 *       byAddress: new RateLimiterRedis({ storeClient, keyPrefix: "address", points: 100, duration: 900 }),
 *     });
 *     const attempt = await logins.attempt(conn, name);
 *     if (await verifyPassword(password, user?.passwordHash)) await attempt.succeeded();
 *
 * @throws TypeError when a limiter is missing, or is none.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#login-throttling
 */
export function loginThrottle(options: LoginThrottleOptions): LoginThrottle {
  const { byAccount, byAddress, ...unknown } = options;
  const [misspelt] = Object.keys(unknown);
  if (misspelt !== undefined) {
    throw new TypeError(
      `loginThrottle(): there is no option ${JSON.stringify(misspelt)}; there are byAccount and byAddress.`,
    );
  }
  assertLimiter("loginThrottle(): byAccount", byAccount);
  assertLimiter("loginThrottle(): byAddress", byAddress);
  return {
    async attempt(conn, account) {
      const address = addressKey(conn.clientIp);
      const headers = await takePoint(byAddress, "address", address);
      const key = account === undefined ? undefined : accountKey(account);
      if (key !== undefined) headers.push(...(await takePoint(byAccount, "account", key)));
      let isCounted = true;
      return {
        headers,
        async succeeded() {
          if (!isCounted) return;
          isCounted = false;
          // A point that cannot be given back is no reason to refuse a right password.
          await Promise.allSettled([byAddress.reward(address), key !== undefined && byAccount.reward(key)]);
        },
      };
    },
  };
}

/** A name of any length and characters as a short key that tells it to nobody who reads the database. */
function accountKey(account: string): string {
  return createHash("sha256").update(account).digest("base64url");
}
