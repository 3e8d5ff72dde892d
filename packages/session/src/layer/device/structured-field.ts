// The fields of the protocol, which are structured fields of HTTP: read from browsers, written for them.
// RFC 9651, and W3C webappsec-dbsc, "DBSC Formats".

/** A string item: quoted, where `\"` and `\\` are escapes. */
const QUOTED = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/;
/** What Chromium sends in place of a string item: the characters of tokens and of base64url, without quotes. */
const BARE = /^[A-Za-z0-9._~-]+/;
/** Parameters, which are to be ignored. Each pattern is linear: it has one way to match. */
const PARAMETERS =
  /^(?: *; *[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[^\s",;]+))?)* *$/;

/**
 * The text of a field that holds one string; `undefined` when there is none, or it is longer than `maxLength`, or something
 * else. The draft wants quotes, Chromium 156 leaves them out.
 */
export function stringItem(field: string | undefined, maxLength: number): string | undefined {
  // Two escapes a character at most, two quotes, and room for parameters that nobody sends.
  if (field === undefined || field.length > 2 * maxLength + 256) return undefined;
  const inQuotes = QUOTED.exec(field);
  const found = inQuotes ?? BARE.exec(field);
  if (found === null || !PARAMETERS.test(field.slice(found[0].length))) return undefined;
  const text = inQuotes === null ? found[0] : (inQuotes[1] ?? "").replace(/\\(["\\])/g, "$1");
  return text.length <= maxLength ? text : undefined;
}

/** A session that the browser did not refresh, and why: `unreachable`, `server_error`, `quota_exceeded`, or what comes later. */
export interface SkippedSession {
  readonly reason: string;
  readonly sessionIdentifier: string | undefined;
}

const SKIPPED =
  /^ *([A-Za-z*][A-Za-z0-9_.:/*-]{0,63})(?: *; *session_identifier=(?:"([\x20-\x21\x23-\x5b\x5d-\x7e]{0,256})"|([A-Za-z0-9._~-]{1,256})))? *(?:,|$)/;
const MOST_SKIPPED = 8;

/** The entries of `Secure-Session-Skipped`, the first few; what cannot be read ends the list. */
export function skippedSessions(field: string | undefined): readonly SkippedSession[] {
  const sessions: SkippedSession[] = [];
  let rest = field ?? "";
  while (rest !== "" && sessions.length < MOST_SKIPPED) {
    const found = SKIPPED.exec(rest);
    if (found?.[1] === undefined) break;
    sessions.push({ reason: found[1], sessionIdentifier: found[2] ?? found[3] });
    rest = rest.slice(found[0].length);
  }
  return sessions;
}

/** The value of `Secure-Session-Registration`: asks the browser for a key. */
export function registrationField(path: string, challenge: string): string {
  return `(ES256 RS256);path=${quoted(path)};challenge=${quoted(challenge)}`;
}

/** The value of `Secure-Session-Challenge`. Without the identifier of its session Chromium drops it. */
export function challengeField(challenge: string, sessionIdentifier: string): string {
  return `${quoted(challenge)};id=${quoted(sessionIdentifier)}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
