// Which host a request is for: one, spelled as a host, or none.
import { HttpError } from "./http-error.ts";
import { isSameName } from "./header.ts";

/**
 * Whether a text is `uri-host [ ":" port ]`, in the characters that names and addresses of hosts have: so it can stand in a
 * link or a log.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.2
 */
export function isHost(text: string): boolean {
  const match = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(text);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

/** The last value that was found good: nearly every request names the same host as the one before. */
let lastHost = "";

/**
 * Refuses what two servers in a row may take for different hosts.
 *
 * @param rawHeaders names and values in turn
 * @throws HttpError 400 for several `Host` fields, or one whose value is no host; an empty one is allowed.
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
export function assertHost(rawHeaders: readonly string[]): void {
  let found = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!isSameName(rawHeaders[index] ?? "", "host")) continue;
    const value = rawHeaders[index + 1] ?? "";
    if (found || (value !== lastHost && value !== "" && !isHost(value))) {
      throw new HttpError(400, "The request must name one host.");
    }
    lastHost = value;
    found = true;
  }
}
