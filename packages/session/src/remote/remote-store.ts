// What the stores behind a network have in common: sessions, events and errors are the same, whatever keeps the records.
import { setTimeout as sleep } from "node:timers/promises";
import type { Backend, Key, Login, Refusal } from "./backend.ts";
import { withoutData } from "./connection-errors.ts";
import { decodeEntries, parseStored, encodeChanges, encodeEntries } from "../model/encoding.ts";
import { SessionIdInUseError, SessionStoreUnavailableError, SessionTooLargeError } from "../model/errors.ts";
import {
  created,
  destroyed,
  expired,
  loaded,
  outage,
  refused,
  regenerated,
  type RefusalReason,
  saved,
} from "../model/events.ts";
import { encodeKey, type JsonData, type ReadonlyJson } from "../model/json.ts";
import { type Checks, milliseconds } from "@hatcheck/core/options";
import {
  assertChange,
  assertClient,
  assertCreateOptions,
  assertId,
  assertSession,
  assertUserId,
  clip,
  isUserId,
  type Settings,
  sliceOf,
  sparedBy,
} from "../model/options.ts";
import { conform } from "../model/schema.ts";
import { isWellFormedId, generateId, recordIdOf, regenerateId, secretHashOf } from "../model/session-id.ts";
import {
  type Entries,
  entriesOf,
  isLarger,
  NO_ENTRIES,
  Session,
  storedToJson,
  toStored,
} from "../model/session.ts";
import type {
  Client,
  CreateOptions,
  PurgeOptions,
  SessionEntry,
  Store,
  StoreOptions,
} from "../model/store.ts";
import { Turns } from "./serial-queue.ts";

export interface RemoteOptions<Data> extends StoreOptions<Data> {
  /** Milliseconds after which a command that the server has not answered has failed; 5,000 unless given. */
  timeoutMs?: number;
}

/** What a store over a network takes beside the options of all stores. */
export const REMOTE_OPTIONS: Checks = { timeoutMs: milliseconds(1) };

/** Milliseconds. */
export function timeoutOf(options: number | { timeoutMs?: number }): number {
  return (typeof options === "number" ? undefined : options.timeoutMs) ?? 5000;
}

const PURGE_BATCH = 1000;
/** Each attempt that fails means that another one has succeeded. */
const UPDATE_ATTEMPTS = 200;
const UPDATE_PAUSE_MS = 30;

/** A store over a {@link Backend}. */
export class RemoteSessionStore<Data extends JsonData<Data>> implements Store<Data, "async"> {
  readonly mode = "async";
  readonly #settings: Settings<Data>;
  readonly #backend: Backend;
  readonly #updates = new Turns((error) => error instanceof SessionStoreUnavailableError);

  constructor(settings: Settings<Data>, backend: Backend) {
    this.#settings = settings;
    this.#backend = backend;
  }

  get ttl(): number {
    return this.#settings.ttl;
  }

  get idle(): number | undefined {
    return this.#settings.idle;
  }

  async create(options?: CreateOptions<Data>): Promise<Session<Data>> {
    return this.#insert(generateId(), options, false);
  }

  async createWithId(id: string, options?: CreateOptions<Data>): Promise<Session<Data>> {
    assertId(id);
    return this.#insert(id, options, true);
  }

  async load(id: string): Promise<Session<Data> | undefined> {
    if (!isWellFormedId(id)) return undefined;
    const key = keyOf(id);
    const found = await this.#ask("load", () => this.#backend.find(key));
    if (found === undefined) return undefined;
    const { pairs, ...record } = found;
    if (!Number.isFinite(record.createdAt + record.lastSeenAt + record.expiresAt)) {
      return announceRefusal(key.handle, "corrupt");
    }
    let entries: Entries | undefined;
    try {
      entries = decodeEntries(pairs);
    } catch {
      return announceRefusal(key.handle, "corrupt");
    }
    const { schema } = this.#settings;
    if (schema !== undefined) {
      entries = await conform(schema, entries, false);
      if (entries === undefined) return announceRefusal(key.handle, "schema");
    }
    if (loaded.hasSubscribers) loaded.publish({ handle: key.handle });
    const touched = found.touched && this.idle !== undefined;
    return new Session({ ...record, id, entries, touched });
  }

  async save(session: Session<Data>): Promise<boolean> {
    assertSession("save", session);
    const key = keyOf(session.id);
    const changes = encodeChanges(session.changes);
    const answer = await this.#ask("save", () => this.#backend.write(key, changes, key.secretHash));
    if (answer !== "written") return this.#refuse(key, answer);
    session.saved();
    if (saved.hasSubscribers) saved.publish({ handle: key.handle });
    return true;
  }

  async touch(session: Session<Data>): Promise<boolean> {
    assertSession("touch", session);
    const key = keyOf(session.id);
    const lastSeenAt = await this.#ask("touch", () => this.#backend.touch(key));
    return lastSeenAt !== undefined || this.#refuse(key, "gone");
  }

  async regenerate(session: Session<Data>): Promise<boolean> {
    assertSession("regenerate", session);
    const key = keyOf(session.id);
    const id = regenerateId(session.id);
    const changes = encodeChanges(session.changes);
    const answer = await this.#ask("regenerate", () => this.#backend.write(key, changes, secretHashOf(id)));
    if (answer !== "written") return this.#refuse(key, answer);
    session.written({ id });
    if (regenerated.hasSubscribers) regenerated.publish({ handle: key.handle });
    return true;
  }

  async login(session: Session<Data>, userId: string, client: Client = {}): Promise<boolean> {
    assertSession("login", session);
    assertUserId(userId);
    assertClient(client);
    const key = keyOf(session.id);
    const id = regenerateId(session.id);
    const changes = encodeChanges(session.changes);
    const login = loginOf(userId, client);
    const answer = await this.#ask("login", () => this.#backend.login(key, changes, secretHashOf(id), login));
    if (typeof answer === "string") return this.#refuse(key, answer);
    session.written({ ...answer, id, userId, authenticatedAt: answer.lastSeenAt });
    if (regenerated.hasSubscribers) regenerated.publish({ handle: key.handle });
    return true;
  }

  async update<Name extends keyof Data & string>(
    id: string,
    name: Name,
    change: (value: Data[Name] | undefined) => ReadonlyJson<Data[Name]> | undefined,
  ): Promise<ReadonlyJson<Data[Name]> | undefined> {
    assertChange(name, change);
    if (!isWellFormedId(id)) return undefined;
    const key = keyOf(id);
    const field = encodeKey(name);
    return this.#updates.run(`${key.handle} ${field}`, () => this.#update(key, field, name, change));
  }

  async destroy(id: string): Promise<boolean> {
    if (!isWellFormedId(id)) return false;
    const key = keyOf(id);
    const wasLive = await this.#ask("destroy", () => this.#backend.remove(key));
    if (wasLive) announceDestroyed([key.handle]);
    return wasLive;
  }

  async listByUser(userId: string): Promise<SessionEntry[]> {
    if (!isUserId(userId)) return [];
    const entries = await this.#ask("listByUser", () => this.#backend.listByUser(userId));
    return entries.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  async destroyByUser(
    userId: string,
    options: { except?: Session<Data> | string | undefined } = {},
  ): Promise<number> {
    const spared = sparedBy(options);
    if (!isUserId(userId)) return 0;
    const handles = await this.#ask("destroyByUser", () => this.#backend.removeByUser(userId, spared));
    announceDestroyed(handles);
    return handles.length;
  }

  async destroyByHandle(userId: string, handle: string): Promise<boolean> {
    // It comes from a page: Postgres would refuse a NUL in it, which is no outage.
    if (!isUserId(userId) || !isWellFormedId(handle)) return false;
    const wasLive = await this.#ask("destroyByHandle", () => this.#backend.removeByHandle(userId, handle));
    if (wasLive) announceDestroyed([handle]);
    return wasLive;
  }

  /** Removes all sessions that have expired, and gives their number. Other work has its turn between batches in any case. */
  async purgeExpired(options?: PurgeOptions): Promise<number> {
    if (options !== undefined) sliceOf(options);
    let count = 0;
    for (;;) {
      const handles = await this.#ask("purgeExpired", () => this.#backend.purge(PURGE_BATCH));
      count += handles.length;
      if (expired.hasSubscribers) for (const handle of handles) expired.publish({ handle });
      if (handles.length < PURGE_BATCH) return count;
    }
  }

  async len(): Promise<number> {
    return this.#ask("len", () => this.#backend.count());
  }

  async isEmpty(): Promise<boolean> {
    return this.#ask("isEmpty", () => this.#backend.isEmpty());
  }

  async #update<Name extends keyof Data & string>(
    key: Key,
    field: string,
    name: Name,
    change: (value: Data[Name] | undefined) => ReadonlyJson<Data[Name]> | undefined,
  ): Promise<ReadonlyJson<Data[Name]> | undefined> {
    let answer: Awaited<ReturnType<Backend["exchange"]>> = await this.#ask("update", () =>
      this.#backend.peek(key, field),
    );
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt++) {
      if (typeof answer === "string") {
        this.#refuse(key, answer as Refusal);
        return undefined;
      }
      const expected: string | undefined = answer.value;
      let before: Data[Name] | undefined;
      try {
        before = expected === undefined ? undefined : (parseStored(expected) as Data[Name]);
      } catch {
        return announceRefusal(key.handle, "corrupt");
      }
      const value = change(before);
      const next = value === undefined ? undefined : storedToJson(toStored(name, value));
      answer = await this.#ask("update", () => this.#backend.exchange(key, { field, expected, next }));
      if (answer === "written") {
        if (saved.hasSubscribers) saved.publish({ handle: key.handle });
        return value;
      }
      await sleep(Math.random() * Math.min(2 ** attempt, UPDATE_PAUSE_MS));
    }
    return this.#ask("update", () => Promise.reject(new Error("too many others change the same key")));
  }

  async #insert(id: string, options: CreateOptions<Data> = {}, unique: boolean): Promise<Session<Data>> {
    assertCreateOptions(options);
    const { data, userId, client = {} } = options;
    const entries = data === undefined ? NO_ENTRIES : entriesOf(data);
    const key = keyOf(id);
    if (isLarger(entries, this.#settings.maxBytes)) this.#refuse(key, "too-large");
    const login = userId === undefined ? undefined : loginOf(userId, client);
    const times = await this.#ask("create", () =>
      this.#backend.insert(key, encodeEntries(entries), login, unique),
    );
    if (times === undefined) throw new SessionIdInUseError();
    if (created.hasSubscribers) created.publish({ handle: key.handle });
    const authenticatedAt = userId === undefined ? undefined : times.createdAt;
    return new Session({ ...times, id, userId, authenticatedAt, entries, touched: false });
  }

  #refuse(key: Key, reason: Refusal): false {
    announceRefusal(key.handle, reason);
    if (reason === "too-large") throw new SessionTooLargeError(this.#settings.maxBytes);
    return false;
  }

  async #ask<Answer>(operation: string, question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question();
    } catch (thrown) {
      const error = withoutData(thrown);
      if (outage.hasSubscribers) outage.publish({ operation, error });
      throw new SessionStoreUnavailableError(error);
    }
  }
}

function keyOf(id: string): Key {
  return { handle: recordIdOf(id), secretHash: secretHashOf(id) };
}

function loginOf(userId: string, { ip, userAgent }: Client): Login {
  return { userId, client: { ip: clip(ip), userAgent: clip(userAgent) } };
}

function announceRefusal(handle: string, reason: RefusalReason): undefined {
  if (refused.hasSubscribers) refused.publish({ handle, reason });
}

function announceDestroyed(handles: readonly string[]): void {
  if (destroyed.hasSubscribers) for (const handle of handles) destroyed.publish({ handle });
}
