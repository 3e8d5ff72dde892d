// Validates what was loaded: a session that does not fit is none, and says so in an event, but it never crashes a request.
import type { SchemaResult, StandardSchema } from "@hatcheck/core";
import { type Entries, storedToJson, type StoredValue, toStored } from "./session.ts";

/**
 * The entries as the schema puts them out, or `undefined` when they do not fit.
 *
 * @throws TypeError when `sync` and the schema validates with a promise.
 */
export function conform(schema: StandardSchema, entries: Entries, sync: true): Entries | undefined;
export function conform(schema: StandardSchema, entries: Entries, sync: false): Promise<Entries | undefined>;
export function conform(
  schema: StandardSchema,
  entries: Entries,
  sync: boolean,
): Entries | undefined | Promise<Entries | undefined> {
  const result = schema["~standard"].validate(toObject(entries));
  if (!(result instanceof Promise)) return sync ? outputOf(result) : Promise.resolve(outputOf(result));
  if (sync)
    throw new TypeError("The schema validates with a promise, which a synchronous store cannot wait for");
  return result.then(outputOf);
}

function outputOf(result: SchemaResult<unknown>): Entries | undefined {
  if (result.issues !== undefined || typeof result.value !== "object" || result.value === null)
    return undefined;
  const output: (string | StoredValue)[] = [];
  for (const [key, value] of Object.entries(result.value)) {
    if (value !== undefined) output.push(key, toStored(key, value));
  }
  return output;
}

function toObject(entries: Entries): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let index = 0; index < entries.length; index += 2) {
    // Not by assignment: a key may be `__proto__`.
    Object.defineProperty(object, entries[index] as string, {
      value: JSON.parse(storedToJson(entries[index + 1] as StoredValue)),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}
