// What a store keeps of a login, from the options that it was given.
import { clip } from "./options.ts";
import type { LoginRecord } from "./session.ts";
import type { Client, LoginOptions } from "./store.ts";

/** Milliseconds for which `destroyByUser` is remembered with its stamp: longer than any login is under way. */
export const STAMP_MS: number = 3600_000;

/** A login as it is to be written. */
export interface Login {
  readonly userId: string;
  readonly client: Client;
  /** Whether the user has proved who they are. */
  readonly isAuthenticated: boolean;
  /** Milliseconds; `undefined` keeps what the same user had before, and is the store's otherwise. */
  readonly ttlMs: number | undefined;
  /** `undefined` keeps what the same user had before. */
  readonly persistent: boolean | undefined;
  readonly stamp: string | undefined;
  readonly actor: { readonly userId: string; readonly handle: string } | undefined;
}

/** Most applications record nobody, and all their sessions share one object. */
const NOBODY: Client = Object.freeze({});

export function loginOf(userId: string, options: LoginOptions): Login {
  const { client, authenticated = true, ttl, persistent, stamp, actor } = options;
  return {
    userId,
    client: client === undefined ? NOBODY : clipped(client),
    isAuthenticated: authenticated,
    ttlMs: ttl === undefined ? undefined : Math.round(ttl * 1000),
    persistent,
    stamp,
    actor,
  };
}

/** The login of a record, of the same user's that was there before. */
export function loginRecordOf(login: Login, now: number, before: LoginRecord | undefined): LoginRecord {
  const own = before?.userId === login.userId ? before : undefined;
  return {
    userId: login.userId,
    authenticatedAt: login.isAuthenticated ? now : undefined,
    ttlMs: login.ttlMs ?? own?.ttlMs,
    persistent: login.persistent ?? own?.persistent,
    stamp: login.stamp,
    actor: login.actor,
  };
}

function clipped({ ip, userAgent }: Client): Client {
  return ip === undefined && userAgent === undefined ? NOBODY : { ip: clip(ip), userAgent: clip(userAgent) };
}
