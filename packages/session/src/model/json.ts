// What a session may hold: JSON, taken as a copy when it is set, and refused where JSON would change it.
import { propertyOf } from "./property.ts";

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

/** Deeper than anybody nests, and shallow enough for every parser. */
const MAX_DEPTH = 1000;

/**
 * A value as JSON text.
 *
 * @throws TypeError that names the key and the place in its value, when JSON has no such value or would change it on the way
 * (NaN becomes null, a Date a string, a Map an empty object).
 */
export function toJson(key: string, value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  try {
    assertJson(value, []);
    return JSON.stringify(value);
  } catch (error) {
    const problem = error instanceof NotJson ? error.message : "it cannot be turned into JSON";
    throw new TypeError(`Session key ${JSON.stringify(key)}: ${problem}; a session holds JSON values only`, {
      cause: error,
    });
  }
}

class NotJson extends Error {
  constructor(problem: string, path: readonly (string | number)[]) {
    super(path.length === 0 ? problem : `${problem}, at ${pathToText(path)}`);
  }
}

function pathToText(path: readonly (string | number)[]): string {
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** @param path the steps that lead to the value */
function assertJson(value: unknown, path: (string | number)[]): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) throw new NotJson(`${value} would become null`, path);
      return;
    case "undefined":
      throw new NotJson("undefined is no value; use remove(), or null", path);
    case "object":
      if (value === null) return;
      if (path.length >= MAX_DEPTH) {
        throw new NotJson(`it contains itself, or is nested deeper than ${MAX_DEPTH} levels`, path);
      }
      if (Array.isArray(value)) assertArray(value, path);
      else assertObject(value as Record<string, unknown>, path);
      return;
    default:
      throw new NotJson(`a ${typeof value} is no value`, path);
  }
}

function assertArray(array: readonly unknown[], path: (string | number)[]): void {
  if (!isOf(Array.prototype, array)) throw new NotJson(`${nameOf(array)} is no plain array`, path);
  assertNoToJson(array, path);
  for (const [index, item] of array.entries()) {
    path.push(index);
    assertJson(item, path);
    path.pop();
  }
  // Its length is one of its own names.
  if (Reflect.ownKeys(array).length !== array.length + 1) {
    throw new NotJson("an array would lose the properties that are not its items", path);
  }
}

function assertObject(object: Readonly<Record<string, unknown>>, path: (string | number)[]): void {
  if (Object.getPrototypeOf(object) !== null && !isOf(Object.prototype, object)) {
    const name = nameOf(object);
    throw new NotJson(
      name === "Date" ? "a Date would become a string; use toISOString()" : `${name} is no plain object`,
      path,
    );
  }
  assertNoToJson(object, path);
  const names = Object.keys(object);
  for (const name of names) {
    const value = object[name];
    // As a property it is left out, which reads the same.
    if (value === undefined) continue;
    path.push(name);
    assertJson(value, path);
    path.pop();
  }
  if (Reflect.ownKeys(object).length !== names.length) {
    throw new NotJson("an object would lose its symbols and its properties that are not enumerable", path);
  }
  if (isRawJson(object)) throw new NotJson("raw JSON would become the value that it stands for", path);
}

/** JSON.rawJSON, where the running Node has it: its result looks like an object, and is written as something else. */
const { isRawJSON: isRawJson = () => false } = JSON as { isRawJSON?: (value: unknown) => boolean };

function assertNoToJson(value: object, path: readonly (string | number)[]): void {
  if (typeof propertyOf(value, "toJSON") === "function") {
    throw new NotJson("its method toJSON would put something else in its place", path);
  }
}

/** Whether an object has this prototype, or that of the same name in another realm: a `vm` context, or a test runner's. */
function isOf(prototype: object, value: object): boolean {
  const own: unknown = Object.getPrototypeOf(value);
  if (own === prototype) return true;
  const { constructor } = prototype;
  return (
    typeof own === "object" &&
    own !== null &&
    Object.hasOwn(own, "constructor") &&
    String(own.constructor) === String(constructor) &&
    own.constructor.prototype === own
  );
}

function nameOf(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "an object";
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
