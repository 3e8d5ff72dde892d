// Validates what is stored, so that it can be loaded again, and what was loaded: a session that does not fit is none, and says
// so in an event, but it never crashes a request.
import type { SchemaResult, StandardSchema } from "@hatcheck/core";
import { SessionSchemaError } from "./errors.ts";
import { announceRefusal } from "./events.ts";
import { andThen } from "./maybe-promise.ts";
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
  const output = andThen(validate(schema, entries, sync), outputOf);
  return sync ? output : Promise.resolve(output);
}

/**
 * That entries can be loaded again once they are stored.
 *
 * @throws SessionSchemaError when they do not fit, which is announced; TypeError as {@link conform}.
 */
export function assertConforms(schema: StandardSchema | undefined, handle: string, entries: Entries): void {
  if (schema !== undefined) assertFits(handle, validate(schema, entries, true) as SchemaResult<unknown>);
}

/** The same where the schema may wait. */
export async function assertConformsLater(
  schema: StandardSchema | undefined,
  handle: string,
  entries: Entries,
): Promise<void> {
  if (schema !== undefined) assertFits(handle, await validate(schema, entries, false));
}

function assertFits(handle: string, result: SchemaResult<unknown>): void {
  if (outputOf(result) !== undefined) return;
  announceRefusal(handle, "schema");
  throw new SessionSchemaError(result.issues ?? [new Error("the schema puts out no object")]);
}

function validate(
  schema: StandardSchema,
  entries: Entries,
  sync: boolean,
): SchemaResult<unknown> | Promise<SchemaResult<unknown>> {
  const result = schema["~standard"].validate(toObject(entries));
  if (sync && result instanceof Promise) {
    throw new TypeError("The schema validates with a promise, which a synchronous store cannot wait for");
  }
  return result;
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
    Object.defineProperty(object, String(entries[index]), {
      value: JSON.parse(storedToJson(entries[index + 1] ?? null)),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}
