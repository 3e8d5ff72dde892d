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

/** Somebody who acts in a user's name: who it is, and the handle of the session that they act from. */
export interface Actor {
  readonly userId: string;
  readonly handle: string;
}

/** Who has logged in, and how. */
export interface LoginRecord {
  readonly userId: string;
  /** When the user proved who they are; `undefined` after a login that proved less, such as that of a remembered cookie. */
  readonly authenticatedAt: number | undefined;
  /** Milliseconds that this login lives; those of the store where it is `undefined`. */
  readonly ttlMs: number | undefined;
  /** Whether the cookie outlives the browser; as the layer's options say where it is `undefined`. */
  readonly persistent: boolean | undefined;
  /** The stamp of the credentials that were checked. */
  readonly stamp: string | undefined;
  readonly actor: Actor | undefined;
}

/** A session at one moment, but for its data. Times are milliseconds since the epoch, by the store's clock. */
export interface SessionState {
  /** The id that it was opened with. */
  readonly id: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** The end of its absolute lifetime. */
  readonly expiresAt: number;
  /** When the present id was given out. */
  readonly renewedAt: number;
  readonly login: LoginRecord | undefined;
  /** What binds it to a device, as text that stores do not look into. */
  readonly device: string | undefined;
  /** Whether it was opened with an id that a renewal has replaced, and that is good for a moment more. */
  readonly isRetired: boolean;
  /** The store's time. */
  readonly now: () => number;
}

/** What a store gives of a session. */
export interface SessionRecord extends SessionState {
  readonly entries: Entries;
}

/** Changes by key; `undefined` removes. */
export type Changes = ReadonlyMap<string, StoredValue | undefined>;

const UNCHANGED: Changes = new Map();

// What only stores and the layer do with a session stands in functions, so that `session.` offers what programs need.

/** For stores: the state that a session was given with, or that the last write has brought about. */
export let stateOf: <Data extends JsonData<Data>>(session: Session<Data>) => SessionState;

/** For stores: what was changed since the session was loaded or last saved, and no write has taken yet. */
export let changesOf: <Data extends JsonData<Data>>(session: Session<Data>) => Changes;

/** For stores: forgets what was changed since. */
export let discardChanges: <Data extends JsonData<Data>>(session: Session<Data>) => void;

/** For stores: what is kept now, after a write that took all changes; by itself, it is what was known with those applied. */
export let acceptEntries: <Data extends JsonData<Data>>(session: Session<Data>, entries?: Entries) => void;

/** For stores: the state that a write has brought about, and what is kept now as for {@link acceptEntries}. */
export let acceptState: <Data extends JsonData<Data>>(
  session: Session<Data>,
  state: SessionState,
  entries?: Entries,
) => void;

/** For stores: whether a session's snapshot is these very entries, so that nobody has changed them since. */
export let isSnapshotOf: <Data extends JsonData<Data>>(session: Session<Data>, entries: Entries) => boolean;

/** For stores: the entries as they are known, with all changes applied: those that are being written, and those after. */
export let entriesWithChanges: <Data extends JsonData<Data>>(session: Session<Data>) => Entries;

/** For the layer: makes the change of one key part of what is known, for an update that goes out from it. Whether there was one. */
export let absorbChange: <Data extends JsonData<Data>>(
  session: Session<Data>,
  key: keyof Data & string,
) => boolean;

/** For the layer: takes over one key, as `update` has written it. */
export let adoptValue: <Data extends JsonData<Data>>(
  session: Session<Data>,
  key: keyof Data & string,
  value: unknown,
) => void;

/**
 * For stores that answer later: runs a write when those before it on the same session are over, with the changes to write.
 * What is changed meanwhile is for the next. Changes that were not accepted are there again afterwards.
 */
export let writeInTurn: <Data extends JsonData<Data>, Answer>(
  session: Session<Data>,
  write: (changes: Changes) => Promise<Answer>,
) => Promise<Answer>;

/**
 * A session. Changes are local until a store saves it.
 *
 * @typeParam Data names the keys and their types; string to string unless given.
 */
export class Session<Data extends JsonData<Data> = Record<string, string>> {
  #state: SessionState;
  #entries: Entries;
  #changes: Map<string, StoredValue | undefined> | undefined;
  /** Changes that a write has taken and that are not known to be stored yet. */
  #sent: Changes | undefined;
  /** The last write that is under way. */
  #writing: Promise<unknown> | undefined;

  constructor(record: SessionRecord) {
    this.#state = record;
    this.#entries = record.entries;
    // `session.cart = []` would be lost without a word: now it throws.
    Object.preventExtensions(this);
  }

  /** The secret that the browser holds. Never log it: log {@link handle}. */
  get id(): string {
    return this.#state.id;
  }

  /** A name for logs and pages; it stays through regeneration, and opens nothing. */
  get handle(): string {
    return recordIdOf(this.#state.id);
  }

  /** Milliseconds since the epoch, by the store's clock as all times. */
  get createdAt(): number {
    return this.#state.createdAt;
  }

  /** Milliseconds since the epoch; of the load that gave this object. */
  get lastSeenAt(): number {
    return this.#state.lastSeenAt;
  }

  /** The end of the absolute lifetime, in milliseconds since the epoch. */
  get expiresAt(): number {
    return this.#state.expiresAt;
  }

  /** When its id was given out, in milliseconds since the epoch. */
  get renewedAt(): number {
    return this.#state.renewedAt;
  }

  /** Whether its id was given out within the last so many seconds: ask before `renew`. */
  renewedWithin(seconds: number): boolean {
    return this.#state.now() - this.#state.renewedAt < seconds * 1000;
  }

  /** Whose session it is; `undefined` while nobody has logged in. */
  get userId(): string | undefined {
    return this.#state.login?.userId;
  }

  /** Who really acts, where it is somebody else in the user's name. */
  get actor(): Actor | undefined {
    return this.#state.login?.actor;
  }

  /**
   * When the user proved who they are, in milliseconds since the epoch; `undefined` when nobody has logged in, or by less than
   * a password.
   */
  get authenticatedAt(): number | undefined {
    return this.#state.login?.authenticatedAt;
  }

  /** Whether the user logged in within the last so many seconds: ask before anything that needs the password again. */
  authenticatedWithin(seconds: number): boolean {
    const at = this.authenticatedAt;
    return at !== undefined && this.#state.now() - at < seconds * 1000;
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

  /** Reads a key and removes it, which is local until it is saved. */
  take<Key extends keyof Data & string>(key: Key): Data[Key] | undefined {
    const stored = this.#find(key);
    if (stored !== undefined) this.remove(key);
    return toValue(stored) as Data[Key] | undefined;
  }

  /** The keys that have a value. */
  keys(): (keyof Data & string)[] {
    const keys: string[] = [];
    const entries = entriesWithChanges(this);
    for (let index = 0; index < entries.length; index += 2) keys.push(String(entries[index]));
    return keys as (keyof Data & string)[];
  }

  #find(key: string): StoredValue | undefined {
    const changes = this.#changes;
    if (changes !== undefined && changes.has(key)) return changes.get(key);
    const sent = this.#sent;
    return sent !== undefined && sent.has(key) ? sent.get(key) : find(this.#entries, key);
  }

  static {
    stateOf = (session) => session.#state;
    changesOf = (session) => session.#changes ?? UNCHANGED;
    discardChanges = (session) => {
      session.#changes = undefined;
    };
    acceptEntries = (session, entries) => {
      session.#entries = entries ?? apply(session.#entries, session.#sent ?? session.#changes ?? UNCHANGED);
      // A store that answers later has taken the changes out beforehand.
      if (session.#sent === undefined) session.#changes = undefined;
      else session.#sent = undefined;
    };
    acceptState = (session, state, entries) => {
      acceptEntries(session, entries);
      session.#state = state;
    };
    isSnapshotOf = (session, entries) => session.#entries === entries;
    entriesWithChanges = (session) =>
      apply(apply(session.#entries, session.#sent ?? UNCHANGED), session.#changes ?? UNCHANGED);
    absorbChange = (session, key) => {
      const changes = session.#changes;
      if (changes === undefined || !changes.has(key)) return false;
      session.#entries = apply(session.#entries, new Map([[key, changes.get(key)]]));
      changes.delete(key);
      return true;
    };
    adoptValue = (session, key, value) => {
      const stored = value === undefined ? undefined : toStored(key, value);
      session.#entries = apply(session.#entries, new Map([[key, stored]]));
    };
    writeInTurn = (session, write) => {
      const run = async () => {
        const sent = (session.#sent = session.#changes ?? UNCHANGED);
        session.#changes = undefined;
        try {
          return await write(sent);
        } finally {
          if (session.#sent !== undefined) {
            session.#sent = undefined;
            const later = session.#changes ?? UNCHANGED;
            session.#changes = sent.size + later.size === 0 ? undefined : new Map([...sent, ...later]);
          }
        }
      };
      const before = session.#writing;
      const writing = before === undefined ? run() : before.then(run, run);
      session.#writing = writing;
      const end = () => {
        if (session.#writing === writing) session.#writing = undefined;
      };
      writing.then(end, end);
      return writing;
    };
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
  return stored instanceof JsonText ? JSON.parse(stored.json) : stored;
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
    const key = String(next[index]);
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
    const value = entries[index + 1];
    if (value !== undefined) next.push(String(entries[index]), value);
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

/** The key that takes the most of `maxBytes`, with its value, and how much. */
export function largestOf(entries: Entries): { readonly key: string; readonly size: number } | undefined {
  let largest: { key: string; size: number } | undefined;
  for (let index = 0; index < entries.length; index += 2) {
    const size = sizeOf(entries.slice(index, index + 2));
    if (size > (largest?.size ?? -1)) largest = { key: String(entries[index]), size };
  }
  return largest;
}

/** Bytes that entries take of `maxBytes`. */
export function sizeOf(entries: Entries): number {
  let size = 0;
  for (let index = 0; index < entries.length; index += 2) {
    size += Buffer.byteLength(encodeKey(String(entries[index])));
    size += Buffer.byteLength(storedToJson(entries[index + 1] ?? null));
  }
  return size;
}
