// A session as a row of SQLite, and back.
import { assertFinite, encodeEntries } from "../model/encoding.ts";
import type { JsonData } from "../model/json.ts";
import { type Entries, JsonText, NO_ENTRIES, Session, type StoredValue } from "../model/session.ts";

/** A row as it is selected. Times are milliseconds since the epoch. */
export interface Row {
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly expires_at: number;
  readonly ends_at: number;
  readonly user_id: string | null;
  readonly authenticated_at: number | null;
  readonly data: string;
}

/** Data as its row holds it: one JSON object, which is faster to read than a row for each key. */
export function encode(entries: Entries): string {
  return `{${encodeEntries(entries)
    .map(([key, json]) => `"${key}":${json}`)
    .join()}}`;
}

/** `undefined` when it cannot be read. */
export function decode(data: string): Entries | undefined {
  if (data === "{}") return NO_ENTRIES;
  let object: unknown;
  try {
    object = JSON.parse(data);
    assertFinite(object);
  } catch {
    return undefined;
  }
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
  const entries: (string | StoredValue)[] = [];
  for (const [key, value] of Object.entries(object)) {
    entries.push(
      key,
      typeof value === "object" && value !== null ? new JsonText(JSON.stringify(value)) : value,
    );
  }
  return entries;
}

/** The session of a row. */
export function toSession<Data extends JsonData<Data>>(
  id: string,
  row: Row,
  entries: Entries,
  touched: boolean,
): Session<Data> {
  return new Session({
    id,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    userId: row.user_id ?? undefined,
    authenticatedAt: row.authenticated_at ?? undefined,
    entries,
    touched,
  });
}
