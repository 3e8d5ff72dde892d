/**
 * Says what is wrong with an option before anything runs: which one it is, what it takes, and what it was. A misspelt
 * name or a wrong type must never be an option that is silently off.
 */

/** Checks the value of one option; `label` begins the message. */
export type Check = (value: unknown, label: string) => void;

/** The options that a function takes, each with its check. One that is `undefined` passes unless it is `required`. */
export type Checks = Readonly<Record<string, Check | { required: Check }>>;

/**
 * Checks an object of options.
 *
 * @param owner whose options they are; the message begins with it
 * @param prefix what stands before their names in the message: `retry.`
 * @throws {TypeError} when it is no object, has an unknown name, lacks a required one, or holds a value of a wrong type
 * @throws {RangeError} when a value is out of its range
 */
export function checkOptions(owner: string, options: unknown, checks: Checks, prefix = ""): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const what = prefix === "" ? "its options" : prefix.slice(0, -1);
    throw new TypeError(`${owner}: ${what} must be an object; it was ${show(options)}.`);
  }
  const known = Object.keys(checks);
  // Inherited ones too: options may be made by a class.
  for (const name in options) {
    if (known.includes(name)) continue;
    const guess = closest(name, known);
    const list = known.length === 0 ? "it takes none." : `known are ${known.join(", ")}.`;
    const advice = guess === undefined ? list : `did you mean "${prefix}${guess}"?`;
    throw new TypeError(`${owner}: unknown option "${prefix}${name}"; ${advice}`);
  }
  for (const [name, entry] of Object.entries(checks)) {
    const value: unknown = Reflect.get(options, name);
    const label = `${owner}: ${prefix}${name}`;
    if (typeof entry === "function") {
      if (value !== undefined) entry(value, label);
    } else if (value === undefined) {
      throw new TypeError(`${label} is missing.`);
    } else {
      entry.required(value, label);
    }
  }
}

/** A number of milliseconds. */
export function milliseconds(least: number, { orInfinity = false }: { orInfinity?: boolean } = {}): Check {
  const allowed = `a number of milliseconds, ${least} or more${orInfinity ? ", or Infinity" : ""}`;
  return numberThat((value) => value >= least && (orInfinity || Number.isFinite(value)), allowed);
}

/** A whole number. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): Check {
  const allowed =
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number, ${least} or more`
      : `a whole number from ${least} to ${most}`;
  return numberThat((value) => Number.isSafeInteger(value) && value >= least && value <= most, allowed);
}

function numberThat(isAllowed: (value: number) => boolean, allowed: string): Check {
  return (value, label) => {
    const message = `${label} must be ${allowed}; it was ${show(value)}.`;
    if (typeof value !== "number") throw new TypeError(message);
    if (!isAllowed(value)) throw new RangeError(message);
  };
}

/** One of a few words. */
export function oneOf(...words: readonly string[]): Check {
  const allowed = words.map((word) => `"${word}"`).join(" or ");
  return (value, label) => {
    if (typeof value === "string" && words.includes(value)) return;
    const guess = typeof value === "string" ? closest(value, words) : undefined;
    const advice = guess === undefined ? "" : ` Did you mean "${guess}"?`;
    throw new RangeError(`${label} must be ${allowed}; it was ${show(value)}.${advice}`);
  };
}

/** A value of a primitive type, or a function. */
export function typeOf(type: "string" | "boolean" | "function"): Check {
  return (value, label) => {
    if (typeof value !== type) throw new TypeError(`${label} must be a ${type}; it was ${show(value)}.`);
  };
}

/** A `Date`, or milliseconds since 1970. */
export const pointInTime: Check = (value, label) => {
  const message = `${label} must be a valid Date or milliseconds since 1970; it was ${show(value)}.`;
  if (typeof value !== "number" && !(value instanceof Date)) throw new TypeError(message);
  if (Number.isNaN(new Date(value).getTime())) throw new RangeError(message);
};

/** An object that has methods of these names. */
export function withMethods(what: string, ...methods: readonly string[]): Check {
  return (value, label) => {
    const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
    const lacking = isObject
      ? methods.filter((method) => typeof Reflect.get(value, method) !== "function")
      : methods;
    if (isObject && lacking.length === 0) return;
    const lack = isObject
      ? `it has no ${lacking.map((method) => `${method}()`).join(", ")}`
      : `it was ${show(value)}`;
    throw new TypeError(`${label} must be ${what}; ${lack}.`);
  };
}

/** A value as a message shows it: short, and whatever it is. */
export function show(value: unknown): string {
  try {
    if (typeof value === "string") return cut(JSON.stringify(value));
    if (typeof value === "function") return "a function";
    if (value instanceof Date) return "an invalid Date";
    if (typeof value === "object" && value !== null) return cut(JSON.stringify(value));
    return cut(String(value));
  } catch {
    return `a value of type ${typeof value}`;
  }
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** The word that was probably meant, if one is near enough. */
function closest(word: string, words: readonly string[]): string | undefined {
  if (word.length > 40) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
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
