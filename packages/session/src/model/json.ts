// What a session may hold: JSON, taken as a copy when it is set, and refused where JSON would change it.

/** A value that survives JSON unchanged. Its mistakes are found by the compiler: a `Date` has type `never`. */
export type JsonOf<Value> = Value extends string | number | boolean | null | undefined
  ? Value
  : Value extends
        | bigint
        | symbol
        | Date
        | RegExp
        | Error
        | ((...args: never[]) => unknown)
        | ReadonlyMap<unknown, unknown>
        | ReadonlySet<unknown>
    ? never
    : Value extends object
      ? { [Key in keyof Value]: JsonOf<Value[Key]> }
      : Value;

/** A JSON value as it is read: its arrays and objects can be looked at, and nothing in them can be changed. */
export type ReadonlyJson<Value> = unknown extends Value
  ? Value
  : Value extends string | number | boolean | null | undefined
    ? Value
    : { readonly [Key in keyof Value]: ReadonlyJson<Value[Key]> };

/** The bound of a session's data: an object whose values are all JSON. */
export type JsonData<Data> = { [Key in keyof Data]: JsonOf<Data[Key]> };

/**
 * A value as JSON text.
 *
 * @throws TypeError that names the key, when JSON has no such value or would change it on the way (NaN becomes null, a
 * Date a string, a Map an empty object).
 */
export function toJson(key: string, value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  try {
    return JSON.stringify(value, function checked(this: unknown, property: string, inner: unknown): unknown {
      // JSON.stringify has called toJSON by now; what it was called on still stands in the parent.
      assertJson((this as Record<string, unknown>)[property], Array.isArray(this) || property === "");
      return inner;
    });
  } catch (error) {
    const problem = error instanceof NotJson ? error.message : "it cannot be turned into JSON";
    throw new TypeError(`Session key ${JSON.stringify(key)}: ${problem}; a session holds JSON values only`, {
      cause: error,
    });
  }
}

class NotJson extends Error {}

function assertJson(value: unknown, mustExist: boolean): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) throw new NotJson(`${value} would become null`);
      return;
    case "undefined":
      // As a property it is left out, which reads the same.
      if (mustExist) throw new NotJson("undefined is no value; use remove(), or null");
      return;
    case "object": {
      if (value === null || Array.isArray(value)) return;
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype === Object.prototype || prototype === null) return;
      const name = (value as object).constructor?.name ?? "an object";
      throw new NotJson(
        name === "Date" ? "a Date would become a string; use toISOString()" : `${name} is no plain object`,
      );
    }
    default:
      throw new NotJson(`a ${typeof value} is no value`);
  }
}

/**
 * JSON text as a value that nobody can change: a change of what a session gave would be lost without a word, and now it
 * throws.
 */
export function parseFrozen(json: string): unknown {
  const value: unknown = JSON.parse(json);
  // A list of what is to be frozen, because a recursion would have a depth at which it fails.
  const pending: unknown[] = [value];
  for (const item of pending) {
    if (typeof item !== "object" || item === null) continue;
    Object.freeze(item);
    for (const inner of Object.values(item)) if (typeof inner === "object") pending.push(inner);
  }
  return value;
}

/**
 * A key as stores keep it: with control characters and lone surrogates escaped as in JSON, because not every database
 * has them (Postgres has no NUL) and UTF-8 has no lone surrogates.
 */
export function encodeKey(key: string): string {
  return JSON.stringify(key).slice(1, -1);
}

export function decodeKey(encoded: string): string {
  return JSON.parse(`"${encoded}"`) as string;
}
