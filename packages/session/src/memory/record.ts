// A record as the memory store keeps it, and what it gives of it.
import { isBound } from "../model/device.ts";
import type { Entries, LoginRecord, SessionRecord } from "../model/session.ts";
import type { Client, ListedSession, SessionEntry } from "../model/store.ts";
import type { FormerId } from "./former-ids.ts";
import type { Ranked } from "./min-heap.ts";
import type { Owned } from "./user-sessions.ts";

/** Who has logged in; most sessions of a public site have none of this. */
export interface KeptLogin extends LoginRecord {
  readonly client: Client;
}

/** In memory the whole id is kept: whoever can read it has the process already. */
export interface Kept extends Ranked, Owned<Kept> {
  id: string;
  readonly handle: string;
  readonly createdAt: number;
  lastSeenAt: number;
  expiresAt: number;
  renewedAt: number;
  entries: Entries;
  login: KeptLogin | undefined;
  device: string | undefined;
  former: readonly FormerId[] | undefined;
}

/** A record that stands in no order yet. */
export function newRecord(given: {
  readonly id: string;
  readonly handle: string;
  readonly now: number;
  readonly expiresAt: number;
  readonly login: KeptLogin | undefined;
  readonly entries: Entries;
}): Kept {
  const { id, handle, now, expiresAt, login, entries } = given;
  // All properties at once, so that all records have one shape.
  return {
    id,
    handle,
    createdAt: now,
    lastSeenAt: now,
    expiresAt,
    renewedAt: now,
    entries,
    login,
    device: undefined,
    former: undefined,
    owner: undefined,
    bytes: 0,
    rank: 0,
    heapIndex: -1,
    newer: undefined,
    older: undefined,
  };
}

/** One function for all, so that reading it costs no bound one each. */
const systemTime = (): number => Date.now();

/** What a session is given with. */
export function toRecord(kept: Kept, id: string, entries: Entries, isRetired: boolean): SessionRecord {
  return {
    id,
    createdAt: kept.createdAt,
    lastSeenAt: kept.lastSeenAt,
    expiresAt: kept.expiresAt,
    renewedAt: kept.renewedAt,
    login: kept.login,
    device: kept.device,
    entries,
    isRetired,
    now: systemTime,
  };
}

/** What a list shows of it. */
export function toEntry(kept: Kept): SessionEntry {
  return {
    handle: kept.handle,
    createdAt: kept.createdAt,
    lastSeenAt: kept.lastSeenAt,
    expiresAt: kept.expiresAt,
    ip: kept.login?.client.ip,
    userAgent: kept.login?.client.userAgent,
    deviceBound: isBound(kept.device),
    actor: kept.login?.actor,
  };
}

/** What a list for administrators shows of it. */
export function toListed(kept: Kept): ListedSession {
  return { ...toEntry(kept), userId: kept.login?.userId };
}
