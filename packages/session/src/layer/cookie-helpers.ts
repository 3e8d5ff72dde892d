// The bridge between sessions and cookies for whoever works without the layer: the functions of the original.
import { cookieValue, type Request, SetCookie } from "@hatcheck/core";
import { isWellFormedId } from "../model/session-id.ts";

/**
 * The session id in the cookie of this name. `undefined` when there is none, or none that could be an id: then there is
 * nothing to look up.
 */
export function sessionIdFromRequest(req: Pick<Request, "header">, name: string): string | undefined {
  const value = cookieValue(req.header("cookie"), name);
  return isWellFormedId(value) ? value : undefined;
}

/**
 * The value of a `Set-Cookie` field that hands a session id to the browser, hidden from scripts and from requests that
 * other sites make. Behind TLS use the session layer, or a `SetCookie` with `secure`.
 *
 *     sessionCookie("tok123", "sid", 3600) // "sid=tok123; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"
 *
 * @param ttlSeconds seconds until the browser forgets it
 * @throws TypeError when the id or the name cannot stand in a cookie
 */
export function sessionCookie(id: string, name: string, ttlSeconds: number): string {
  return new SetCookie(name, id, {
    path: "/",
    maxAge: ttlSeconds,
    httpOnly: true,
    sameSite: "Lax",
  }).toString();
}

/** The value of a `Set-Cookie` field that makes the browser forget the cookie which {@link sessionCookie} set. */
export function destroyCookie(name: string): string {
  return sessionCookie("", name, 0);
}
