// Checks a password, wherever one is asked for: at login, and again before something sensitive.
import { type ConnectionInfo, HttpError } from "@hatcheck/core";
import { verifyPassword } from "./passwords.ts";
import { nameProblem } from "./rules.ts";
import type { Site } from "./site.ts";
import { nameKey, type User } from "./users.ts";

/**
 * The user of this name and password, or `undefined`; which of the two was wrong is not told.
 *
 * @throws HttpError 429 when the name or the address has had too many wrong ones.
 */
export async function signIn(
  site: Site,
  conn: ConnectionInfo,
  name: string,
  password: string,
): Promise<User | undefined> {
  countAttempt(site, conn);
  // A name that nobody can have is looked for nowhere, and counts as one name.
  const key = nameProblem(name) === undefined ? nameKey(name) : "";
  assertNoWait(site.attemptsByName.take(key));
  const user = key === "" ? undefined : await site.users.byName(name);
  if (!(await verifyPassword(password, user?.passwordHash))) return undefined;
  site.attemptsByName.giveBack(key);
  site.attemptsByAddress.giveBack(conn.clientIp);
  return user;
}

/** Counts something that costs us a hash. @throws HttpError 429 when the address has had too many. */
export function countAttempt(site: Site, conn: ConnectionInfo): void {
  assertNoWait(site.attemptsByAddress.take(conn.clientIp));
}

function assertNoWait(seconds: number): void {
  if (seconds === 0) return;
  const minutes = Math.ceil(seconds / 60);
  throw new HttpError(
    429,
    `There were too many attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`,
    { headers: [{ name: "Retry-After", value: String(seconds) }] },
  );
}
