// What stays of a response that could not be sent: what layers had added to it, so that the error in its place carries
// the request's id, is readable across origins, and does not lose the session's cookie.
import { assertHeader, findHeader, type Header, withMembers } from "../http/header.ts";
import type { Response } from "../message/response.ts";

/** Fields that speak of the content which is not sent, or of what to do with it. */
const OF_CONTENT =
  /^(?:content-(?!security-policy).*|etag|last-modified|expires|age|cache-control|accept-ranges|location|trailer|transfer-encoding|connection|keep-alive)$/i;

/** A copy of the error's response with the fields of the broken one that are still good. The error's own go before. */
export function withFieldsOf(broken: Response, error: Response): Response {
  const response = error.clone();
  if (!Array.isArray(broken.headers)) return response;
  for (const header of broken.headers) {
    if (!isGood(header) || OF_CONTENT.test(header.name)) continue;
    const { name, value } = header;
    if (name.toLowerCase() === "vary") response.headers = withMembers(response.headers, { name, value });
    else if (name.toLowerCase() === "set-cookie" || findHeader(error.headers, name) === undefined) {
      response.headers.push({ name, value });
    }
  }
  return response;
}

function isGood(header: Header): boolean {
  try {
    assertHeader(header.name, header.value);
    return true;
  } catch {
    return false;
  }
}
