// A session as a program holds it: a snapshot of the record, and what this program has changed in it since.
import { flat, flatKey } from "./flat-string.ts";
import { encodeKey, type JsonData, parseFrozen, type ReadonlyJson, toJson } from "./json.ts";
import { recordIdOf } from "./session-id.ts";

/**
 * A stored value: text, numbers, booleans and null as they are, since nobody can change them; everything else as JSON,
 * so that two holders never share an object.
 */
export type StoredValue = string | number | boolean | null | JsonText;

/** JSON that is parsed when it is asked for. */
export class JsonText {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/** Keys and values in turn. It is never written to: a change makes another, so whoever loaded it keeps a snapshot. */
export type Entries = readonly (string | StoredValue)[];

export const NO_ENTRIES: Entries = Object.freeze([]);

/** What a store gives of a session: its state at one moment. */
export interface SessionRecord {
  /** The id that it was opened with. */
  readonly id: string;
  /** When the session was created. Milliseconds since the epoch, as all of these. */
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** The end of its absolute lifetime. */
  readonly expiresAt: number;
  readonly userId: string | undefined;
  /** When the user logged in. */
  readonly authenticatedAt: number | undefined;
  readonly entries: Entries;
  /** Whether loading it has moved its idle timeout on. */
  readonly touched: boolean;
}

/** Changes by key; `undefined` removes. */
export type Changes = ReadonlyMap<string, StoredValue | undefined>;

const UNCHANGED: Changes = new Map();

/**
 * A session. Changes are local until a store saves it.
 *
 * @typeParam Data names the keys and their types; string to string unless given.
 */
export class Session<Data extends JsonData<Data> = Record<string, string>> {
  #record: SessionRecord;
  #entries: Entries;
  #changes: Map<string, StoredValue | undefined> | undefined;

  constructor(record: SessionRecord) {
    this.#record = record;
    this.#entries = record.entries;
    // `session.cart = []` would be lost without a word: now it throws.
    Object.preventExtensions(this);
  }

  /** The secret that the browser holds. Never log it: log {@link handle}. */
  get id(): string {
    return this.#record.id;
  }

  /** A name for logs and pages; it stays through regeneration, and opens nothing. */
  get handle(): string {
    return recordIdOf(this.#record.id);
  }

  /** Milliseconds since the epoch. */
  get createdAt(): number {
    return this.#record.createdAt;
  }

  /** Milliseconds since the epoch; of the load that gave this object. */
  get lastSeenAt(): number {
    return this.#record.lastSeenAt;
  }

  /** The end of the absolute lifetime, in milliseconds since the epoch. */
  get expiresAt(): number {
    return this.#record.expiresAt;
  }

  /** Whose session it is; `undefined` while nobody has logged in. */
  get userId(): string | undefined {
    return this.#record.userId;
  }

  /** When the user logged in, in milliseconds since the epoch. */
  get authenticatedAt(): number | undefined {
    return this.#record.authenticatedAt;
  }

  /** Whether the user logged in within the last so many seconds: ask before anything that needs the password again. */
  authenticatedWithin(seconds: number): boolean {
    const at = this.#record.authenticatedAt;
    return at !== undefined && Date.now() - at < seconds * 1000;
  }

  /** The value of a key. Objects and arrays are frozen: `set` another, such as `[...cart, item]`. */
  get<Key extends keyof Data & string>(key: Key): ReadonlyJson<Data[Key]> | undefined {
    const stored = this.#find(key);
    return (stored instanceof JsonText ? parseFrozen(stored.json) : stored) as
      | ReadonlyJson<Data[Key]>
      | undefined;
  }

  /**
   * Sets a key to a copy of a JSON value.
   *
   * @throws TypeError when the value is not JSON.
   */
  set<Key extends keyof Data & string>(key: Key, value: ReadonlyJson<Data[Key]>): void {
    if (typeof key !== "string") throw new TypeError(`A session key is a string, not ${typeof key}`);
    (this.#changes ??= new Map()).set(flatKey(key), toStored(key, value));
  }

  /** Removes a key. */
  remove(key: keyof Data & string): void {
    (this.#changes ??= new Map()).set(key, undefined);
  }

  /** Whether a key has a value. */
  contains(key: keyof Data & string): boolean {
    return this.#find(key) !== undefined;
  }

  /** Reads a key and removes it: for messages that are shown once. */
  take<Key extends keyof Data & string>(key: Key): Data[Key] | undefined {
    const stored = this.#find(key);
    if (stored !== undefined) this.remove(key);
    return toValue(stored) as Data[Key] | undefined;
  }

  /** The keys that have a value. */
  keys(): (keyof Data & string)[] {
    const keys: string[] = [];
    const entries = apply(this.#entries, this.changes);
    for (let index = 0; index < entries.length; index += 2) keys.push(entries[index] as string);
    return keys as (keyof Data & string)[];
  }

  /** For stores: what was changed since the session was loaded or last saved. */
  get changes(): Changes {
    return this.#changes ?? UNCHANGED;
  }

  /** For stores: whether loading has moved the idle timeout on, so that the cookie is due for the same. */
  get touched(): boolean {
    return this.#record.touched;
  }

  /** For the layer: takes over what `store.update` has written, as part of the snapshot. */
  adopt(key: keyof Data & string, value: unknown): void {
    const stored = value === undefined ? undefined : toStored(key, value);
    this.#entries = apply(this.#entries, new Map([[key, stored]]));
  }

  /** For the layer: forgets what was changed since. */
  discard(): void {
    this.#changes = undefined;
  }

  /** For stores: what is kept now, after a save that took all changes. */
  saved(entries: Entries = apply(this.#entries, this.changes)): void {
    this.#entries = entries;
    this.#changes = undefined;
  }

  /** For stores: what is kept now, after a write that took all changes and has changed the record as well. */
  written(record: Partial<SessionRecord>): void {
    this.saved(record.entries);
    const before = this.#record;
    // Spelled out, because spreading two objects into one costs more than the rest of a save in memory.
    this.#record = {
      id: record.id ?? before.id,
      createdAt: before.createdAt,
      lastSeenAt: record.lastSeenAt ?? before.lastSeenAt,
      expiresAt: record.expiresAt ?? before.expiresAt,
      userId: record.userId ?? before.userId,
      authenticatedAt: record.authenticatedAt ?? before.authenticatedAt,
      entries: this.#entries,
      touched: record.touched ?? before.touched,
    };
  }

  #find(key: string): StoredValue | undefined {
    const changes = this.#changes;
    return changes !== undefined && changes.has(key) ? changes.get(key) : find(this.#entries, key);
  }
}

/** A value as it is stored. */
export function toStored(key: string, value: unknown): StoredValue {
  if (typeof value === "string") return flat(value);
  if (typeof value === "boolean" || value === null) return value;
  // JSON.stringify makes 0 of -0, so that all stores do.
  if (typeof value === "number" && Number.isFinite(value)) return value + 0;
  return new JsonText(toJson(key, value));
}

/** What a session holds from the start, as entries. */
export function entriesOf(data: object): Entries {
  const entries: (string | StoredValue)[] = [];
  for (const [key, value] of Object.entries(data)) {
    if (value !== undefined) entries.push(flatKey(key), toStored(key, value));
  }
  return entries.length === 0 ? NO_ENTRIES : entries.slice();
}

/** A stored value as JSON text. */
export function storedToJson(value: StoredValue): string {
  return value instanceof JsonText ? value.json : JSON.stringify(value);
}

/** A key's value in entries. */
export function find(entries: Entries, key: string): StoredValue | undefined {
  for (let index = 0; index < entries.length; index += 2) {
    if (entries[index] === key) return entries[index + 1];
  }
  return undefined;
}

/** A stored value as an object of the caller's own. */
export function toValue(stored: StoredValue | undefined): unknown {
  return stored instanceof JsonText ? (JSON.parse(stored.json) as unknown) : stored;
}

/** Whether two stored values are the same. */
export function isSameValue(one: StoredValue | undefined, other: StoredValue | undefined): boolean {
  return one instanceof JsonText && other instanceof JsonText ? one.json === other.json : one === other;
}

/** Entries with changes applied; those of others that are not changed stay as they are. */
export function apply(entries: Entries, changes: Changes): Entries {
  if (changes.size === 0) return entries;
  const next: (string | StoredValue | undefined)[] = entries.slice();
  let known = 0;
  let isSameSize = true;
  for (let index = 0; index < next.length; index += 2) {
    const key = next[index] as string;
    if (!changes.has(key)) continue;
    known += 1;
    const value = changes.get(key);
    next[index + 1] = value;
    if (value === undefined) isSameSize = false;
  }
  // Mostly a value takes the place of another, and the copy is what is wanted.
  if (isSameSize && known === changes.size) return next as (string | StoredValue)[];
  return resize(next, changes, known);
}

/** Removes the keys that have no value any more, and adds those of the changes that are new. */
function resize(
  entries: readonly (string | StoredValue | undefined)[],
  changes: Changes,
  known: number,
): Entries {
  const before = known === 0 ? undefined : new Set(entries.filter((_, index) => index % 2 === 0));
  const next: (string | StoredValue)[] = [];
  for (let index = 0; index < entries.length; index += 2) {
    const value = entries[index + 1] as StoredValue | undefined;
    if (value !== undefined) next.push(entries[index] as string, value);
  }
  for (const [key, value] of changes) {
    if (value !== undefined && !before?.has(key)) next.push(key, value);
  }
  // A copy has no room to spare, which an array that grew has.
  return next.length === 0 ? NO_ENTRIES : next.slice();
}

/** Whether entries take more than so many bytes: keys and values as JSON in UTF-8. */
export function isLarger(entries: Entries, maxBytes: number): boolean {
  // Counting exactly costs as much as writing it all out, so a bound is tried first: 6 bytes is the longest that one
  // UTF-16 code unit becomes.
  let bound = 0;
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index];
    if (typeof entry === "string") bound += 6 * entry.length + 2;
    else bound += entry instanceof JsonText ? 3 * entry.json.length : 25;
  }
  return bound > maxBytes && sizeOf(entries) > maxBytes;
}

/** Bytes that entries take of `maxBytes`. */
export function sizeOf(entries: Entries): number {
  let size = 0;
  for (let index = 0; index < entries.length; index += 2) {
    size += Buffer.byteLength(encodeKey(entries[index] as string));
    size += Buffer.byteLength(storedToJson(entries[index + 1] as StoredValue));
  }
  return size;
}
