// A session as a row of SQLite, and back.
import { isBound } from "../model/device.ts";
import { assertFinite, encodeEntries } from "../model/encoding.ts";
import {
  type Entries,
  JsonText,
  type LoginRecord,
  NO_ENTRIES,
  type SessionRecord,
  type StoredValue,
} from "../model/session.ts";
import type { ListedSession, SessionEntry } from "../model/store.ts";

/** A row as it is selected. Times are milliseconds since the epoch. */
export interface Row {
  readonly secret_hash: string;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly expires_at: number;
  readonly ends_at: number;
  readonly user_id: string | null;
  readonly authenticated_at: number | null;
  readonly renewed_at: number | null;
  readonly retired: string | null;
  readonly ttl_ms: number | null;
  readonly persistent: number | null;
  readonly stamp: string | null;
  readonly actor_user_id: string | null;
  readonly actor_handle: string | null;
  readonly device: string | null;
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

/** The columns of a {@link Row}. */
export const COLUMNS: string = [
  "secret_hash, created_at, last_seen_at, expires_at, ends_at, user_id, authenticated_at, renewed_at, retired, ttl_ms",
  "persistent, stamp, actor_user_id, actor_handle, device, data",
].join(", ");

/** The state of a row. */
export function toRecord(id: string, row: Row, entries: Entries, isRetired: boolean): SessionRecord {
  return {
    id,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    renewedAt: row.renewed_at ?? row.created_at,
    login: toLogin(row),
    device: row.device ?? undefined,
    entries,
    isRetired,
    now: systemTime,
  };
}

/** Several processes of one machine go by one clock. */
export const systemTime = (): number => Date.now();

/** Who has logged in. */
export function toLogin(row: Row): LoginRecord | undefined {
  if (row.user_id === null) return undefined;
  const { actor_user_id: userId, actor_handle: handle } = row;
  return {
    userId: row.user_id,
    authenticatedAt: row.authenticated_at ?? undefined,
    ttlMs: row.ttl_ms ?? undefined,
    persistent: row.persistent === null ? undefined : row.persistent === 1,
    stamp: row.stamp ?? undefined,
    actor: userId === null || handle === null ? undefined : { userId, handle },
  };
}

/** A login as its columns: ttl_ms, persistent, stamp, actor_user_id, actor_handle. */
export function loginColumns(login: LoginRecord | undefined): (string | number | null)[] {
  const { ttlMs, persistent, stamp, actor } = login ?? {};
  return [
    ttlMs ?? null,
    persistent === undefined ? null : Number(persistent),
    stamp ?? null,
    actor?.userId ?? null,
    actor?.handle ?? null,
  ];
}

/** What a list shows of a row. */
export function toEntry(row: Record<string, unknown>): SessionEntry {
  const userId = textOf(row["actor_user_id"]);
  const handle = textOf(row["actor_handle"]);
  return {
    handle: String(row["handle"]),
    createdAt: Number(row["created_at"]),
    lastSeenAt: Number(row["last_seen_at"]),
    expiresAt: Number(row["expires_at"]),
    ip: textOf(row["ip"]),
    userAgent: textOf(row["user_agent"]),
    deviceBound: isBound(textOf(row["device"])),
    actor: userId === undefined || handle === undefined ? undefined : { userId, handle },
  };
}

/** What a list for administrators shows of it. */
export function toListed(row: Record<string, unknown>): ListedSession {
  return { ...toEntry(row), userId: textOf(row["user_id"]) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
