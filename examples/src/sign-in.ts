// Checks a password, wherever one is asked for: at login, and again before something sensitive.
import type { ConnectionInfo } from "@hatcheck/core";
import { hashPassword, needsRehash, verifyPassword } from "@hatcheck/session/password";
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
  // A name that nobody can have is looked for nowhere, and counts as one name.
  const key = nameProblem(name) === undefined ? nameKey(name) : "";
  const attempt = await site.logins.attempt(conn, key);
  const user = key === "" ? undefined : await site.users.byName(name);
  if (!(await verifyPassword(password, user?.passwordHash)) || user === undefined) return undefined;
  await attempt.succeeded();
  // Made with last year's parameters, or by an older Node: now is when the password is known.
  if (needsRehash(user.passwordHash)) await site.users.setPasswordHash(user.id, await hashPassword(password));
  return user;
}
