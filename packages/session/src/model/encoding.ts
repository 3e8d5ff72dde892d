// Data as the stores outside of memory keep it: pairs of encoded key and JSON text, the same in all of them.
import { decodeKey, encodeKey } from "./json.ts";
import {
  type Changes,
  type Entries,
  JsonText,
  NO_ENTRIES,
  type StoredValue,
  storedToJson,
} from "./session.ts";

/** Changes as a store writes them: what to set, as pairs of encoded key and JSON text, and which encoded keys to remove. */
export interface EncodedChanges {
  readonly set: readonly (readonly [key: string, json: string])[];
  readonly removed: readonly string[];
}

export function encodeChanges(changes: Changes): EncodedChanges {
  const set: [string, string][] = [];
  const removed: string[] = [];
  for (const [key, value] of changes) {
    if (value === undefined) removed.push(encodeKey(key));
    else set.push([encodeKey(key), storedToJson(value)]);
  }
  return { set, removed };
}

export function encodeEntries(entries: Entries): [key: string, json: string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < entries.length; index += 2) {
    pairs.push([encodeKey(String(entries[index])), storedToJson(entries[index + 1] ?? null)]);
  }
  return pairs;
}

/** JSON text as a stored value. It is parsed here and now: what is damaged must not be found out when it is asked for. */
function jsonToStored(json: string): StoredValue {
  const value = parseStored(json);
  return typeof value === "object" && value !== null ? new JsonText(json) : (value as StoredValue);
}

/** JSON text as a value. @throws SyntaxError when it is not what was written. */
export function parseStored(json: string): unknown {
  const value: unknown = JSON.parse(json);
  assertFinite(value);
  return value;
}

/** Numbers that are too large for JavaScript were not written by it. */
export function assertFinite(value: unknown): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new SyntaxError("a number is out of range");
  if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) assertFinite(inner);
}

/** @throws SyntaxError when what is stored is not what was written. */
export function decodeEntries(pairs: Iterable<readonly [key: string, json: string]>): Entries {
  const entries: (string | StoredValue)[] = [];
  for (const [key, json] of pairs) entries.push(decodeKey(key), jsonToStored(json));
  return entries.length === 0 ? NO_ENTRIES : entries;
}
