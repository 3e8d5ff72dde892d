// Says what is wrong with an option before anything runs: a misspelt name or a wrong type must never be an option that is
// silently off.

/** Checks the value of one option; `label` begins the message. */
export type Check = (value: unknown, label: string) => void;

/** The options that something takes, each with its check. `undefined` counts as not given. */
export type Checks = Readonly<Record<string, Check>>;

/**
 * Checks an object of options.
 *
 * @param owner whose options they are; the message begins with it
 * @param place.within the owner's option that they stand in
 * @param place.elsewhere options that are known there by the same names: `name` may be meant for `cookie.name`
 * @throws {TypeError} when it is no object, has an unknown name, or holds a value of a wrong type
 * @throws {RangeError} when a value is out of its range
 */
export function checkOptions(
  owner: string,
  options: unknown,
  checks: Checks,
  { within, elsewhere = {} }: { within?: string; elsewhere?: Readonly<Record<string, Checks>> } = {},
): void {
  if (!isObject(options)) {
    throw new TypeError(`${owner}: ${within ?? "the options"} must be an object, got ${show(options)}`);
  }
  const prefix = within === undefined ? "" : `${within}.`;
  // Inherited ones too: options may be made by a class.
  for (const name in options) {
    const value: unknown = Reflect.get(options, name);
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      throw new TypeError(
        `${owner}: unknown option "${prefix}${name}"; ${meantBy(name, checks, prefix, elsewhere)}`,
      );
    }
    if (value !== undefined) check(value, `${owner}: ${prefix}${name}`);
  }
  for (const name in checks) {
    if (REQUIRED in (checks[name] as Check) && Reflect.get(options, name) === undefined)
      throw new TypeError(`${owner}: ${prefix}${name} is missing`);
  }
}

/** Marks the check of an option that must be given. */
const REQUIRED = Symbol("required");

function meantBy(
  name: string,
  checks: Checks,
  prefix: string,
  elsewhere: Readonly<Record<string, Checks>>,
): string {
  for (const [place, others] of Object.entries(elsewhere)) {
    if (Object.hasOwn(others, name)) return `did you mean "${place}.${name}"?`;
  }
  const known = Object.keys(checks);
  const guess = closest(name, known);
  return guess === undefined ? `known are ${known.join(", ")}` : `did you mean "${prefix}${guess}"?`;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An option that must be given. */
export function required(check: Check): Check {
  return Object.assign((value: unknown, label: string) => check(value, label), { [REQUIRED]: true });
}

/** A number in a range. `allowed` says which: "a number of milliseconds from 0". */
export function numberThat(allowed: string, isAllowed: (value: number) => boolean): Check {
  return (value, label) => {
    const message = `${label} must be ${allowed}, got ${show(value)}`;
    // NaN is what a calculation with something else than numbers gives: no number that is only too large or too small.
    if (typeof value !== "number" || Number.isNaN(value)) throw new TypeError(message);
    if (!isAllowed(value)) throw new RangeError(message);
  };
}

/** A whole number of something, above 0. */
export function countOf(unit: string): Check {
  return numberThat(`a whole number${unit} above 0`, (value) => Number.isSafeInteger(value) && value > 0);
}

/** A limit: a whole number of something from 0, or `Infinity` for none. */
export function limitOf(unit: string): Check {
  return numberThat(
    `a whole number${unit} from 0, or Infinity`,
    (value) => (Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY) && value >= 0,
  );
}

/** A whole number in a range; `unit` as in " of seconds". */
export function wholeNumber(unit: string, least: number, most: number = Number.MAX_SAFE_INTEGER): Check {
  const to = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
  return numberThat(
    `a whole number${unit} from ${least}${to}`,
    (value) => Number.isSafeInteger(value) && value >= least && value <= most,
  );
}

/** What setTimeout takes. */
export function milliseconds(least: number): Check {
  return numberThat(
    `a number of milliseconds from ${least} to 24 days`,
    (value) => value >= least && value < 2 ** 31,
  );
}

export const isString: Check = typeOf("string");
export const isBoolean: Check = typeOf("boolean");
export const isFunction: Check = typeOf("function");

function typeOf(type: "string" | "boolean" | "function"): Check {
  return (value, label) => {
    if (typeof value !== type) throw new TypeError(`${label} must be a ${type}, got ${show(value)}`);
  };
}

/** Anything that is an object. `what` says what kind: "an AbortSignal". */
export function objectThat(what: string, isIt: (value: object) => boolean = () => true): Check {
  return (value, label) => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !isIt(value))
      throw new TypeError(`${label} must be ${what}, got ${show(value)}`);
  };
}

/** A list, each of whose members passes. */
export function listOf(what: string, member: Check): Check {
  return (value, label) => {
    if (!Array.isArray(value)) throw new TypeError(`${label} must be a list of ${what}, got ${show(value)}`);
    for (const [index, one] of value.entries()) member(one, `${label}[${index}]`);
  };
}

/** `false` for none, or what the check takes. */
export function orFalse(check: Check): Check {
  return (value, label) => {
    if (value !== false) check(value, label);
  };
}

/** One of a few words. */
export function oneOf(...words: readonly string[]): Check {
  return (value, label) => {
    if (typeof value === "string" && words.includes(value)) return;
    const guess = typeof value === "string" ? closest(value, words) : undefined;
    const advice = guess === undefined ? "" : `; did you mean "${guess}"?`;
    const allowed = words.map((word) => `"${word}"`).join(" or ");
    throw new TypeError(`${label} must be ${allowed}, got ${show(value)}${advice}`);
  };
}

/** A value as a message shows it: short, and never what an object holds, which may be a secret. */
export function show(value: unknown): string {
  try {
    return describe(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return cut(JSON.stringify(value));
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return cut(String(value));
  if (Array.isArray(value)) return "an array";
  if (value instanceof Promise) return "a promise; await it";
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "Object" ? `an instance of ${cut(name)}` : "an object";
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** The word that was probably meant, if one is near enough. */
function closest(word: string, words: readonly string[]): string | undefined {
  if (word.length > 40) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const [one, other] = [word.toLowerCase(), candidate.toLowerCase()];
    // A word that begins alike is as near as one with two wrong letters: "hostname" for "host".
    const alike = one.slice(0, 4) === other.slice(0, 4) && one.length >= 4 ? 2 : Number.POSITIVE_INFINITY;
    const distance = Math.min(alike, editDistance(one, other));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** How many letters have to be put in, left out or changed to make one word of the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (isSame ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
