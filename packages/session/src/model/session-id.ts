// Session ids: what the browser holds, and what of it a store may keep.
//
// A generated id is `<record id>.<secret>`. The record id names the record, in the store, in logs and on pages: it opens
// nothing. The secret is 256 bits; outside of memory only its SHA-256 is kept, so a dump of the store logs nobody in.
// Regenerating replaces the secret alone: the record stays where it is, which a Redis Cluster needs.
import { hash, randomFillSync } from "node:crypto";

/** Characters of base64url, of six random bits each. */
export const RECORD_LENGTH = 22;
const SECRET_LENGTH = 43;
/** Of a generated id, with the dot between the two. */
export const GENERATED_LENGTH: number = RECORD_LENGTH + 1 + SECRET_LENGTH;
const GENERATED = /^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/;
/** What an id of the application's own may consist of: characters that every cookie and every log carries unchanged. */
const NOT_IN_ID = /[^A-Za-z0-9._~-]/;
const MAX_LENGTH = 256;

/** Random bytes are drawn from a pool, because asking the system for each id costs more than the rest of a login. */
const pool = Buffer.allocUnsafeSlow(3200);
let used = pool.length;

/** So many characters of base64url. */
function random(length: number): string {
  const bytes = Math.ceil((length * 6) / 8);
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString("base64url", used, used + bytes).slice(0, length);
  // What has been given out must not be found in a heap dump a second time.
  pool.fill(0, used, used + bytes);
  used += bytes;
  return text;
}

/** A new id: 132 random bits of name, 258 random bits of secret. */
export function generateId(): string {
  // Drawn at once: of what an id costs, half is the way into the system's code and back.
  const text = random(RECORD_LENGTH + SECRET_LENGTH);
  return `${text.slice(0, RECORD_LENGTH)}.${text.slice(RECORD_LENGTH)}`;
}

/** 258 random bits, as text. */
export function generateSecret(): string {
  return random(SECRET_LENGTH);
}

/** Another id for the record of this one. */
export function regenerateId(id: string): string {
  return `${recordIdOf(id)}.${random(SECRET_LENGTH)}`;
}

/** Whether a text can be an id at all. What cannot be one costs no look-up. */
export function isWellFormedId(id: unknown): id is string {
  return typeof id === "string" && id !== "" && id.length <= MAX_LENGTH && !NOT_IN_ID.test(id);
}

/** Whether an id was made here, and not by the application. */
export function isGeneratedId(id: string): boolean {
  return GENERATED.test(id);
}

/** The public name of the record: part of a generated id, the hash of a custom one. */
export function recordIdOf(id: string): string {
  return isGeneratedId(id) ? id.slice(0, 22) : hash("sha256", `record:${id}`, "base64url").slice(0, 22);
}

/** Whether two ids are the same, in a time that does not tell where they differ. */
export function isSameId(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let index = 0; index < one.length; index += 1) {
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  }
  return difference === 0;
}

/** What a store keeps in place of the id. */
export function secretHashOf(id: string): string {
  return hash("sha256", id, "base64url");
}
