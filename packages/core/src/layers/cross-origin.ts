// Where a request comes from, by what browsers themselves say of it.
import type { ConnectionInfo } from "../message/connection.ts";
import type { Request } from "../message/request.ts";

/**
 * Whether another site or subdomain made a browser send this: `Sec-Fetch-Site` says so, or, from browsers that predate it,
 * `Origin` names another host than the one that was asked for. Clients that are no browsers send neither.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function isCrossOrigin(req: Request, conn: ConnectionInfo): boolean {
  const site = req.header("sec-fetch-site");
  if (site !== undefined && site !== "") return site !== "same-origin" && site !== "none";
  const origin = req.header("origin");
  return origin !== undefined && origin !== "" && !isHostOf(origin, conn.host);
}

/**
 * Whether an origin is at this host. Only the host can be compared: a server behind a TLS proxy does not know its own
 * scheme.
 */
function isHostOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const ours = `${protocol}//${host}`;
  return originHost !== "" && URL.canParse(ours) && new URL(ours).host === originHost;
}
