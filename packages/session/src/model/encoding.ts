// Data as the stores outside of memory keep it: pairs of encoded key and JSON text, the same in all of them.
import { decodeKey, encodeKey } from "./json.ts";
import {
  type Changes,
  type Entries,
  jsonToStored,
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
    pairs.push([encodeKey(entries[index] as string), storedToJson(entries[index + 1] as StoredValue)]);
  }
  return pairs;
}

/** @throws SyntaxError when what is stored is not what was written. */
export function decodeEntries(pairs: Iterable<readonly [key: string, json: string]>): Entries {
  const entries: (string | StoredValue)[] = [];
  for (const [key, json] of pairs) entries.push(decodeKey(key), jsonToStored(json));
  return entries.length === 0 ? NO_ENTRIES : entries;
}
