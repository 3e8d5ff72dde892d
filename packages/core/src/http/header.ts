// One HTTP field, and the two rules that keep a field from becoming two.

/**
 * `token` of RFC 9110, section 5.6.2: what a field name may consist of.
 *
 *     tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
 */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const LOWER_A = 97;
const LOWER_Z = 122;
/** What tells a small letter of ASCII from its capital. */
const CASE_BIT = 32;

/** What a field value may not hold: any control but HTAB (so no CR, LF, NUL), and what is not one byte in latin1. */
const NOT_FIELD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * A header field. A plain `{ name, value }` is accepted wherever a `Header` is; it is checked when it is sent.
 *
 * @throws TypeError when the name is not a token or the value holds a character that would end the field.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5
 */
export class Header {
  name: string;
  value: string;

  constructor(name: string, value: string) {
    assertHeader(name, value);
    this.name = name;
    this.value = value;
  }

  /**
   * A field that never changes: it is frozen and checked once, and not again with every response that carries it.
   *
   * @throws TypeError as the constructor does.
   */
  static constant(name: string, value: string): Header {
    return new ConstantHeader(name, value);
  }
}

/** What {@link Header.constant} makes; whatever is one is known to be good. */
export class ConstantHeader extends Header {
  constructor(name: string, value: string) {
    super(name, value);
    Object.freeze(this);
  }
}

/** @throws TypeError that names the field and what is wrong with it, never the value: it may be a secret. */
export function assertHeader(name: string, value: string): void {
  if (typeof name !== "string" || !TOKEN.test(name)) {
    throw new TypeError(`Header name ${JSON.stringify(name)} is not a token (RFC 9110, section 5.6.2)`);
  }
  if (typeof value !== "string") {
    throw new TypeError(
      `Value of header "${name}" is ${value === null ? "null" : typeof value}, not a string`,
    );
  }
  if (NOT_FIELD_VALUE.test(value)) {
    throw new TypeError(
      `Value of header "${name}" holds a character that no header may carry (a line break, NUL, another control or one beyond latin1); encode it first`,
    );
  }
}

/** Whether a text is a `token`: a name of a field, a method or a directive. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Compares two field names, which are case-insensitive. */
export function isSameName(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  // Letter by letter: a copy in lower case costs more than the rest of a search through a request's fields.
  for (let index = 0; index < one.length; index += 1) {
    const a = one.charCodeAt(index);
    const b = other.charCodeAt(index);
    if (a === b) continue;
    const lower = a | CASE_BIT;
    if (lower !== (b | CASE_BIT) || lower < LOWER_A || lower > LOWER_Z) return false;
  }
  return true;
}

/** The value of the first of these fields that has this name. */
export function findHeader(headers: readonly Header[], name: string): string | undefined {
  const at = indexOfHeader(headers, name);
  return at === -1 ? undefined : headers[at]?.value;
}

function indexOfHeader(headers: readonly Header[], name: string): number {
  for (let index = 0; index < headers.length; index += 1) {
    if (isSameName((headers[index] as Header).name, name)) return index;
  }
  return -1;
}

/**
 * A copy of these fields with the members of a list such as `Vary` added, each once, to the field of that name; with the
 * field itself when there is none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1
 */
export function withMembers(headers: readonly Header[], field: Header): Header[] {
  const at = indexOfHeader(headers, field.name);
  const present = at === -1 ? undefined : headers[at];
  if (present === undefined) return append(headers, field);
  const known = membersOf(present.value).map((member) => member.toLowerCase());
  const missing = membersOf(field.value).filter((member) => !known.includes(member.toLowerCase()));
  if (missing.length === 0 || known.includes("*")) return headers.slice();
  return headers.with(at, { name: present.name, value: [present.value, ...missing].join(", ") });
}

function membersOf(list: string): string[] {
  return list.split(",").map((member) => member.trim());
}

/** A copy with one more. An array that grows by `push` takes room for sixteen more, which each response would carry. */
function append(headers: readonly Header[], field: Header): Header[] {
  const { length } = headers;
  // oxlint-disable-next-line unicorn/no-new-array -- its length is what is wanted
  const longer = new Array<Header>(length + 1);
  for (let index = 0; index < length; index += 1) longer[index] = headers[index] as Header;
  longer[length] = field;
  return longer;
}
