// The options that all stores share: checked once, in the same words.
import type { StandardSchema } from "@hatcheck/core";
import { isWellFormedId, recordIdOf } from "./session-id.ts";
import type { StoreOptions } from "./store.ts";

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
  readonly maxBytes: number;
  readonly schema: StandardSchema<Data> | undefined;
}

/** @throws RangeError or TypeError that names the option. */
export function settingsOf<Data>(store: string, options: number | StoreOptions<Data>): Settings<Data> {
  const {
    ttl,
    idle,
    maxBytes = DEFAULT_MAX_BYTES,
    schema,
  } = typeof options === "number" ? { ttl: options } : (options as StoreOptions<Data>);
  assertSeconds(`${store}: ttl`, ttl);
  if (idle !== undefined) assertSeconds(`${store}: idle`, idle);
  if (!Number.isInteger(maxBytes) || maxBytes < 1) {
    throw new RangeError(
      `${store}: maxBytes must be a whole number of bytes above 0, got ${String(maxBytes)}`,
    );
  }
  if (schema !== undefined && typeof schema["~standard"]?.validate !== "function") {
    throw new TypeError(`${store}: schema must be a Standard Schema, such as a zod schema`);
  }
  const idleMs = idle === undefined ? Infinity : idle * 1000;
  return { ttl, idle, ttlMs: ttl * 1000, idleMs, touchMs: Math.min(idleMs / 10, 60_000), maxBytes, schema };
}

function assertSeconds(name: string, seconds: unknown): asserts seconds is number {
  if (typeof seconds !== "number" || !(seconds >= 0) || seconds > HUNDRED_YEARS) {
    throw new RangeError(`${name} must be a number of seconds from 0 to 100 years, got ${String(seconds)}`);
  }
}

/** @throws TypeError when the id is malformed; its text is not repeated. */
export function assertId(id: string): void {
  if (!isWellFormedId(id)) {
    throw new TypeError("createWithId: the id must be 1 to 256 characters of A-Z a-z 0-9 . _ ~ -");
  }
}

/** @throws TypeError when this cannot be the id of a user in every store. */
export function assertUserId(userId: string): void {
  if (typeof userId !== "string" || userId === "" || userId.length > 255) {
    throw new TypeError("userId must be a string of 1 to 255 characters");
  }
  if (/[\x00-\x1f\x7f]/.test(userId) || !userId.isWellFormed()) {
    throw new TypeError("userId must hold neither control characters nor lone surrogates");
  }
}

/** The handles that `except` may mean: it is a session, a handle, or an id. */
export function handlesOf(except: { readonly handle: string } | string | undefined): readonly string[] {
  if (except === undefined) return [];
  return typeof except === "string" ? [except, recordIdOf(except)] : [except.handle];
}

/** What is recorded of a client: short, and without what no database takes. */
export function clip(text: string | undefined): string | undefined {
  return text === undefined
    ? undefined
    : text
        .slice(0, 256)
        .toWellFormed()
        .replace(/[\x00-\x1f\x7f]/g, " ");
}
