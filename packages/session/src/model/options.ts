// What all stores are handed: options and arguments, checked once, in the same words.
import type { StandardSchema } from "@hatcheck/core";
import {
  type Check,
  type Checks,
  checkOptions,
  countOf,
  isBoolean,
  isString,
  milliseconds,
  numberThat,
  show,
} from "@hatcheck/core/options";
import { flat } from "./flat-string.ts";
import { Session } from "./session.ts";
import { isWellFormedId, recordIdOf } from "./session-id.ts";
import type { CountOptions, ListOptions, PurgeOptions, StoreOptions } from "./store.ts";
import { propertyOf } from "./property.ts";

const DEFAULT_MAX_BYTES = 64 * 1024;
const HUNDRED_YEARS = 100 * 366 * 24 * 3600;

/** Options as a store uses them: times in milliseconds. */
export interface Settings<Data> {
  /** Seconds. */
  readonly ttl: number;
  /** Seconds. */
  readonly idle: number | undefined;
  readonly ttlMs: number;
  /** Infinity without an idle timeout. */
  readonly idleMs: number;
  /** How long the last refresh of "last seen" may lie back before loading writes another. */
  readonly touchMs: number;
  /** How long an id that was replaced is remembered. */
  readonly graceMs: number;
  readonly maxBytes: number;
  /** Infinity unless given. */
  readonly maxSessionsPerUser: number;
  readonly schema: StandardSchema<Data> | undefined;
}

export const seconds: Check = numberThat(
  "a number of seconds from 0 to 100 years",
  (value) => value >= 0 && value <= HUNDRED_YEARS,
);

const standardSchema: Check = (value, label) => {
  if (typeof propertyOf(propertyOf(value, "~standard"), "validate") !== "function") {
    throw new TypeError(`${label} must be a Standard Schema, such as a zod schema`);
  }
};

const SHARED: Checks = {
  ttl: seconds,
  idle: seconds,
  grace: numberThat("a number of seconds from 0 to 600", (value) => value >= 0 && value <= 600),
  maxBytes: countOf(" of bytes"),
  maxSessionsPerUser: countOf(""),
  schema: standardSchema,
};

const TTL_NEEDED = "give it the seconds that a session lives, as 3600 or { ttl: 3600 }";

/**
 * Checks a store's options, and gives those that all stores share.
 *
 * @param own the options that this store takes beside those
 * @throws RangeError or TypeError that names the option.
 */
export function settingsOf<Data>(
  store: string,
  options: number | StoreOptions<Data>,
  own: Checks = {},
): Settings<Data> {
  const given: StoreOptions<Data> = typeof options === "number" ? { ttl: options } : options;
  if (typeof given !== "object" || given === null)
    throw new TypeError(`${store}: ${TTL_NEEDED}, got ${show(given)}`);
  checkOptions(store, given, { ...SHARED, ...own });
  if (given.ttl === undefined) throw new TypeError(`${store}: ttl is missing; ${TTL_NEEDED}`);
  const {
    ttl,
    idle,
    grace = 30,
    maxBytes = DEFAULT_MAX_BYTES,
    maxSessionsPerUser = Infinity,
    schema,
  } = given;
  const idleMs = idle === undefined ? Infinity : idle * 1000;
  return {
    ttl,
    idle,
    ttlMs: ttl * 1000,
    idleMs,
    touchMs: Math.min(idleMs / 10, 60_000),
    graceMs: Math.round(grace * 1000),
    maxBytes,
    maxSessionsPerUser,
    schema,
  };
}

const CLIENT: Checks = { ip: isString, userAgent: isString };
const stamp: Check = (value, label) => {
  isString(value, label);
  const text = String(value);
  if (!isPlain(text) || text === "" || text.length > 255) {
    throw new TypeError(`${label} must be 1 to 255 characters, without control characters`);
  }
};
const ACTOR: Checks = { userId: (value) => assertUserId(value), handle: isString };
const loginChecks = (operation: string): Checks => ({
  client: (value) => checkOptions(operation, value, CLIENT, { within: "client" }),
  stamp,
  ttl: seconds,
  persistent: isBoolean,
  authenticated: isBoolean,
  actor: (value) => checkOptions(operation, value, ACTOR, { within: "actor" }),
});
const LOGIN = loginChecks("login");
const CREATE: Checks = {
  data: (value, label) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new TypeError(`${label} must be an object, got ${show(value)}`);
    }
  },
  userId: (value) => assertUserId(value),
  ...loginChecks("create"),
};
const RENEW: Checks = { extend: isBoolean };
const COUNT: Checks = { loggedIn: isBoolean };
const LIST: Checks = { ...COUNT, pageSize: countOf("") };
const PURGE: Checks = { sliceMs: milliseconds(0) };
const DESTROY_BY_USER: Checks = {
  except: (value, label) => {
    if (typeof value === "string" || typeof (value as { handle?: unknown } | null)?.handle === "string")
      return;
    throw new TypeError(`${label} must be a session, its handle or its id`);
  },
  stamp,
};

/** @throws TypeError that names the option. */
export function assertCreateOptions(options: unknown): void {
  checkOptions("create", options, CREATE);
}

/** @throws TypeError that names the option. */
export function assertLoginOptions(options: unknown): void {
  checkOptions("login", options, LOGIN, { elsewhere: { client: CLIENT } });
}

/** @throws TypeError that names the option. */
export function assertRenewOptions(options: unknown): void {
  checkOptions("renew", options, RENEW);
}

/** @throws TypeError or RangeError that names the option. */
export function sliceOf(options: PurgeOptions): number {
  checkOptions("purgeExpired", options, PURGE);
  if (options.sliceMs === undefined) throw new TypeError("purgeExpired: sliceMs is missing");
  return options.sliceMs;
}

/** @throws TypeError that names the option. */
export function countOptionsOf(options: CountOptions): CountOptions {
  checkOptions("count", options, COUNT);
  return options;
}

/** @throws TypeError or RangeError that names the option. */
export function listOptionsOf(options: ListOptions): { pageSize: number; loggedIn: boolean | undefined } {
  checkOptions("listAll", options, LIST);
  const { pageSize = 100, loggedIn } = options;
  return { pageSize, loggedIn };
}

/** @throws TypeError when it is not what a store has given. */
export function assertSession(operation: string, session: unknown): void {
  if (!(session instanceof Session)) {
    throw new TypeError(
      `${operation}: this is no session of a store; a handler's session is stored by its layer`,
    );
  }
}

/** @throws TypeError when it cannot be called, which it would be too late to find out in a transaction. */
export function assertChange(key: unknown, change: unknown): void {
  if (typeof key !== "string") throw new TypeError(`update: a session key is a string, got ${show(key)}`);
  if (typeof change !== "function")
    throw new TypeError(`update: change must be a function, got ${show(change)}`);
}

/** @throws TypeError when the id is malformed; its text is not repeated. */
export function assertId(id: string): void {
  if (!isWellFormedId(id)) {
    throw new TypeError("createWithId: the id must be 1 to 256 characters of A-Z a-z 0-9 . _ ~ -");
  }
}

/** @throws TypeError when this cannot be the id of a user in every store. */
export function assertUserId(userId: unknown): asserts userId is string {
  assertUserIdType(userId);
  if (userId === "" || userId.length > 255) {
    throw new TypeError("userId must be a string of 1 to 255 characters");
  }
  if (!isPlain(userId)) {
    throw new TypeError("userId must hold neither control characters nor lone surrogates");
  }
}

/**
 * Whether somebody can have this id. Whom nobody can be has no sessions, in every store.
 *
 * @throws TypeError when it is no string: `42` is not the user "42".
 */
export function isUserId(userId: unknown): userId is string {
  assertUserIdType(userId);
  return userId !== "" && userId.length <= 255 && isPlain(userId);
}

function assertUserIdType(userId: unknown): asserts userId is string {
  if (typeof userId === "string") return;
  const advice = typeof userId === "number" ? `; did you mean String(${userId})?` : "";
  throw new TypeError(`userId must be a string, got ${show(userId)}${advice}`);
}

function isPlain(text: string): boolean {
  return !/[\x00-\x1f\x7f]/.test(text) && text.isWellFormed();
}

/**
 * The handles that `except` of `destroyByUser` may mean: it is a session, a handle, or an id.
 *
 * @throws TypeError that names the option: what is misspelt would spare nobody.
 */
export function sparedBy(options: {
  except?: { readonly handle: string } | string | undefined;
}): readonly string[] {
  checkOptions("destroyByUser", options, DESTROY_BY_USER);
  const { except } = options;
  if (except === undefined) return [];
  return typeof except === "string" ? [except, recordIdOf(except)] : [except.handle];
}

/** What is recorded of a client: short, and without what no database takes. */
export function clip(text: string | undefined): string | undefined {
  return text === undefined
    ? undefined
    : flat(
        text
          .slice(0, 256)
          .toWellFormed()
          .replace(/[\x00-\x1f\x7f]/g, " "),
      );
}
