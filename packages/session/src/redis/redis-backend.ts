// The records of a Redis store: one hash each, one script a call.
import { randomBytes } from "node:crypto";
import { isBound } from "../model/device.ts";
import { type Login, loginRecordOf } from "../model/login.ts";
import type { LoginRecord } from "../model/session.ts";
import type {
  Backend,
  Exchange,
  Found,
  Key,
  LoggedIn,
  Page,
  PageQuery,
  Refusal,
  Replaced,
  Replacement,
  Times,
} from "../remote/backend.ts";
import type { EncodedChanges } from "../model/encoding.ts";
import type { Settings } from "../model/options.ts";
import { type Args, listOf, type RedisConnection, type Script } from "./redis-client.ts";
import * as lua from "./redis-scripts.ts";
import { RedisUserIndex } from "./redis-user-index.ts";
import type { ListedSession, SessionEntry } from "../model/store.ts";

/** What is asked for at once of a user with very many sessions. */
const AT_ONCE = 250;
const HANDLE = /^[A-Za-z0-9_-]{22}$/;

export class RedisBackend implements Backend {
  readonly #redis: RedisConnection;
  readonly #users: RedisUserIndex;
  readonly #prefix: string;
  readonly #ttlMs: number;
  /** Below 0 without an idle timeout. */
  readonly #idleMs: number;
  readonly #touchMs: number;
  readonly #graceMs: number;
  readonly #maxBytes: number;

  constructor(redis: RedisConnection, prefix: string, settings: Omit<Settings<unknown>, "schema">) {
    this.#redis = redis;
    this.#users = new RedisUserIndex(redis, `${prefix}user:`);
    this.#prefix = prefix;
    this.#ttlMs = Math.round(settings.ttlMs);
    this.#idleMs = settings.idle === undefined ? -1 : Math.round(settings.idleMs);
    this.#touchMs = settings.touchMs;
    this.#graceMs = settings.graceMs;
    this.#maxBytes = settings.maxBytes;
  }

  async insert(
    key: Key,
    pairs: readonly (readonly [string, string])[],
    login: Login | undefined,
    unique: boolean,
  ): Promise<Times | "in-use" | "stamp"> {
    const generation = login === undefined ? 0 : await this.#enter(key, login);
    if (generation === "stamp") return generation;
    const { handle, secretHash } = key;
    const reply = await this.#run(lua.INSERT, handle, [
      unique ? 1 : 0,
      secretHash,
      this.#ttlMs,
      this.#idleMs,
      ...valuesOf(login, generation),
      ...changesOf({ set: pairs, removed: [] }),
    ]);
    if (reply === null) return "in-use";
    const times = timesOf(reply);
    if (login === undefined) return times;
    const confirmed = await this.#confirm(key, login, generation, times.expiresAt - times.now);
    return confirmed === "stamp" ? confirmed : times;
  }

  async find(key: Key): Promise<Found | undefined> {
    const { handle, secretHash } = key;
    const reply = await this.#read(lua.FIND, handle, [secretHash, this.#touchMs, this.#idleMs]);
    if (reply === null) return undefined;
    const [now, touched, retired, flat] = reply as [unknown, unknown, unknown, string[]];
    this.#redis.heard(Number(now));
    const { generation, ...found } = foundOf(flat, Number(now), Number(retired) === 1);
    if (Number(touched) === 1 && found.login !== undefined) {
      const { userId } = found.login;
      const left = found.expiresAt - found.lastSeenAt;
      if (!(await this.#users.isCurrent(userId, handle, left, generation))) {
        await this.#run(lua.REMOVE, handle, [secretHash]);
        return undefined;
      }
    }
    return found;
  }

  async write({ handle, secretHash }: Key, changes: EncodedChanges): Promise<"written" | Refusal> {
    const args = [secretHash, this.#maxBytes, ...changesOf(changes)];
    const status = Number(await this.#run(lua.WRITE, handle, args));
    return status === 1 ? "written" : refusalOf(status);
  }

  async replace(key: Key, changes: EncodedChanges, replacement: Replacement): Promise<Replaced | Refusal> {
    const { secretHash, isStrict, isExtended } = replacement;
    const reply = await this.#run(lua.REPLACE, key.handle, [
      key.secretHash,
      secretHash,
      this.#graceMs,
      isStrict ? 1 : 0,
      isExtended ? 1 : 0,
      this.#ttlMs,
      this.#idleMs,
      this.#maxBytes,
      ...changesOf(changes),
    ]);
    const [status, replaced, times] = listOf(reply);
    if (Number(status) !== 1) return refusalOf(Number(status));
    return { ...timesOf(times), isReplaced: Number(replaced) === 1 };
  }

  async login(
    key: Key,
    changes: EncodedChanges,
    secretHash: string,
    login: Login,
  ): Promise<LoggedIn | Refusal> {
    const { handle } = key;
    const generation = await this.#enter(key, login);
    if (generation === "stamp") return generation;
    const reply = await this.#run(lua.LOGIN, handle, [
      key.secretHash,
      secretHash,
      this.#graceMs,
      this.#ttlMs,
      this.#idleMs,
      this.#maxBytes,
      ...valuesOf(login, generation),
      ...changesOf(changes),
    ]);
    const [status, emptied, before, ttl, persistent, device, all] = reply as [unknown, unknown, ...string[]];
    if (Number(status) !== 1) return refusalOf(Number(status));
    const times = timesOf(all);
    if (before && before !== login.userId) await this.#users.leave(before, handle);
    const left = times.expiresAt - times.now;
    if ((await this.#confirm({ handle, secretHash }, login, generation, left)) === "stamp") return "stamp";
    const after = loginRecordOf(login, times.now, undefined);
    return {
      ...times,
      login: { ...after, ttlMs: ttl ? Number(ttl) : undefined, persistent: flagOf(persistent) },
      device: device === "" ? undefined : device,
      isEmptied: Number(emptied) === 1,
    };
  }

  async exchangeDevice({ handle, secretHash }: Key, expected = "", next = ""): Promise<boolean | "gone"> {
    const answer = Number(await this.#run(lua.EXCHANGE_DEVICE, handle, [secretHash, expected, next]));
    return answer === -1 ? "gone" : answer === 1;
  }

  async wasReplaced({ handle, secretHash }: Key): Promise<boolean> {
    return Number(await this.#run(lua.WAS_REPLACED, handle, [secretHash])) === 1;
  }

  async touch({ handle, secretHash }: Key): Promise<number | undefined> {
    const now = await this.#run(lua.TOUCH, handle, [secretHash, this.#idleMs]);
    if (now === null) return undefined;
    this.#redis.heard(Number(now));
    return Number(now);
  }

  async peek({ handle, secretHash }: Key, field: string): Promise<{ value: string | undefined } | "gone"> {
    const [status, value] = listOf(await this.#read(lua.PEEK, handle, [secretHash, field]));
    return Number(status) === 1 ? { value: textOf(value) } : "gone";
  }

  async exchange(
    { handle, secretHash }: Key,
    { field, expected = "", next }: Exchange,
  ): Promise<"written" | Refusal | { value: string | undefined }> {
    const changes = next === undefined ? [0, field] : [1, field, next];
    const token = randomBytes(8).toString("base64url");
    const args = [secretHash, field, expected, token, this.#maxBytes, ...changes];
    const [status, value] = listOf(await this.#run(lua.EXCHANGE, handle, args));
    if (Number(status) === 1) return "written";
    return Number(status) === 2 ? { value: textOf(value) } : refusalOf(Number(status));
  }

  async remove(handle: string, secretHash = ""): Promise<boolean> {
    const userId = await this.#run(lua.REMOVE, handle, [secretHash]);
    if (userId === null) return false;
    if (userId !== "") await this.#users.leave(String(userId), handle);
    return true;
  }

  async listByUser(userId: string): Promise<SessionEntry[]> {
    const entries = await this.#users.entries(userId);
    const replies = await this.#ofEach(entries, ({ handle }) => this.#read(lua.DESCRIBE, handle, [userId]));
    const stale = entries.filter((_, index) => replies[index] === null);
    // They are found stale next time otherwise: no reason to fail.
    await this.#users.drop(userId, stale).catch(() => undefined);
    return entries.flatMap(({ handle }, index) => {
      const reply = replies[index] as (string | null)[] | null;
      return reply === null ? [] : [entryOf(handle, reply)];
    });
  }

  async removeByUser(
    userId: string,
    spared: readonly string[],
    stamp: string | undefined,
  ): Promise<string[]> {
    const generation = await this.#users.nextGeneration(userId);
    for (const handle of spared.filter((it) => HANDLE.test(it))) {
      await this.#run(lua.SPARE, handle, [userId, generation]);
    }
    const entries = (await this.#users.raise(userId, generation, this.#ttlMs, stamp)).filter(
      ({ handle }) => !spared.includes(handle),
    );
    const replies = await this.#ofEach(entries, ({ handle }) =>
      this.#run(lua.REMOVE_OF_USER, handle, [userId]),
    );
    // Only now: had this been cut off before, the entries must still be there for the next attempt.
    await this.#users.drop(userId, entries);
    return entries.filter((_, index) => Number(replies[index]) === 1).map(({ handle }) => handle);
  }

  async removeByHandle(userId: string, handle: string): Promise<boolean> {
    // A handle comes from a form: it must not name another key.
    if (!HANDLE.test(handle)) return false;
    const count = Number(await this.#run(lua.REMOVE_OF_USER, handle, [userId]));
    if (count === 1) await this.#users.leave(userId, handle);
    return count === 1;
  }

  async page({ cursor, size, loggedIn }: PageQuery): Promise<Page> {
    const { keys, next } = await this.#redis.page(this.#prefix, cursor, size);
    const handles = keys.filter((it) => HANDLE.test(it));
    const replies = await this.#ofEach(handles, (handle) => this.#read(lua.DESCRIBE_ANY, handle, []));
    const entries = handles.flatMap((handle, index) => {
      const reply = replies[index] as (string | null)[] | null;
      const entry = reply && listedOf(handle, reply);
      return entry && isMeant(entry, loggedIn) ? [entry] : [];
    });
    return { entries, next };
  }

  async countLive(loggedIn: boolean | undefined): Promise<number> {
    // What has expired is not there any more.
    if (loggedIn === undefined) return this.count();
    let count = 0;
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const page: Page = await this.page({ cursor, size: 1000, loggedIn });
      count += page.entries.length;
      cursor = page.next;
    }
    return count;
  }

  /** Redis removes what has expired by itself. It is asked whether it is there, as with every other call. */
  async purge(): Promise<[]> {
    await this.#redis.ping();
    return [];
  }

  async count(): Promise<number> {
    let count = 0;
    for await (const page of this.#redis.keys(this.#prefix))
      count += page.filter((it) => HANDLE.test(it)).length;
    return count;
  }

  async isEmpty(): Promise<boolean> {
    for await (const page of this.#redis.keys(this.#prefix))
      if (page.some((it) => HANDLE.test(it))) return false;
    return true;
  }

  #enter({ handle }: Key, { userId, ttlMs = this.#ttlMs, stamp }: Login): Promise<number | "stamp"> {
    return this.#users.enter(userId, handle, ttlMs, stamp);
  }

  /**
   * Makes sure that a session is in its user's index. When all sessions of the user were ended meanwhile, this one is ended, too,
   * as if it had been there before.
   */
  async #confirm(
    { handle, secretHash }: Key,
    { userId, stamp }: Pick<Login, "userId"> & Partial<Login>,
    generation: number,
    lifetimeMs: number,
  ): Promise<"confirmed" | "over" | "stamp"> {
    const answer = await this.#users.confirm(userId, handle, lifetimeMs, generation, stamp);
    if (answer !== "confirmed") {
      await this.#run(lua.REMOVE, handle, [secretHash]);
      if (answer === "stamp") await this.#users.leave(userId, handle);
    }
    return answer;
  }

  #run(script: Script, handle: string, args: Args): Promise<unknown> {
    return this.#redis.run(script, this.#prefix + handle, args);
  }

  #read(script: Script, handle: string, args: Args): Promise<unknown> {
    return this.#redis.read(script, this.#prefix + handle, args);
  }

  async #ofEach<Item>(entries: readonly Item[], ask: (entry: Item) => Promise<unknown>): Promise<unknown[]> {
    const replies: unknown[] = [];
    for (let start = 0; start < entries.length; start += AT_ONCE) {
      replies.push(...(await Promise.all(entries.slice(start, start + AT_ONCE).map(ask))));
    }
    return replies;
  }
}

function changesOf({ set, removed }: EncodedChanges): Args {
  return [set.length, ...set.flat(), ...removed];
}

/** User, generation, address, user agent, proof, lifetime, persistent, stamp, and who acts; '' for what there is not. */
function valuesOf(login: Login | undefined, generation: number): Args {
  if (login === undefined) return ["", 0, "", "", 0, "", "", "", "", ""];
  const { userId, client, isAuthenticated, ttlMs = "", persistent, stamp = "", actor } = login;
  return [
    userId,
    generation,
    client.ip ?? "",
    client.userAgent ?? "",
    isAuthenticated ? 1 : 0,
    ttlMs,
    persistent === undefined ? "" : Number(persistent),
    stamp,
    actor?.userId ?? "",
    actor?.handle ?? "",
  ];
}

/** A value as its script gives it: an empty text is none. */
function textOf(value: unknown): string | undefined {
  return value === "" ? undefined : String(value);
}

function timesOf(reply: unknown): Times {
  const [now, createdAt, lastSeenAt, expiresAt, renewedAt] = listOf(reply);
  return {
    now: Number(now),
    createdAt: Number(createdAt),
    lastSeenAt: Number(lastSeenAt),
    expiresAt: Number(expiresAt),
    renewedAt: Number(renewedAt),
  };
}

function flagOf(text: string | undefined): boolean | undefined {
  return text === undefined || text === "" ? undefined : text === "1";
}

function refusalOf(status: number): Refusal {
  return status === -1 ? "too-large" : "gone";
}

function foundOf(flat: readonly string[], now: number, isRetired: boolean): Found & { generation: number } {
  const fields = new Map<string, string>();
  const pairs: [string, string][] = [];
  for (let index = 0; index < flat.length; index += 2) {
    const field = flat[index] ?? "";
    const value = flat[index + 1] ?? "";
    if (field.startsWith("d:")) pairs.push([field.slice(2), value]);
    else fields.set(field, value);
  }
  return {
    now,
    createdAt: numberOf(fields.get("c")),
    lastSeenAt: numberOf(fields.get("s")),
    expiresAt: numberOf(fields.get("e")),
    renewedAt: numberOf(fields.get("w") ?? fields.get("c")),
    login: loginOf(fields),
    device: fields.get("v"),
    generation: numberOf(fields.get("g") ?? "0"),
    pairs,
    isRetired,
  };
}

function loginOf(fields: ReadonlyMap<string, string>): LoginRecord | undefined {
  const userId = fields.get("u");
  if (userId === undefined) return undefined;
  const [at, ttlMs, actor] = [fields.get("a"), fields.get("l"), fields.get("k")];
  return {
    userId,
    authenticatedAt: at === undefined ? undefined : numberOf(at),
    ttlMs: ttlMs === undefined ? undefined : numberOf(ttlMs),
    persistent: flagOf(fields.get("p")),
    stamp: fields.get("t"),
    actor: actor === undefined ? undefined : { userId: actor, handle: fields.get("o") ?? "" },
  };
}

/** NaN where there is none. */
function numberOf(text: string | undefined): number {
  return Number(text ?? Number.NaN);
}

function entryOf(handle: string, reply: readonly (string | null)[]): SessionEntry {
  const [createdAt, lastSeenAt, expiresAt, ip, userAgent, device, actor, actorHandle] = reply;
  return {
    handle,
    createdAt: Number(createdAt),
    lastSeenAt: Number(lastSeenAt),
    expiresAt: Number(expiresAt),
    ip: ip ?? undefined,
    userAgent: userAgent ?? undefined,
    deviceBound: isBound(device ?? undefined),
    actor: actor && actorHandle ? { userId: actor, handle: actorHandle } : undefined,
  };
}

function listedOf(handle: string, reply: readonly (string | null)[]): ListedSession {
  return { ...entryOf(handle, reply), userId: reply[8] ?? undefined };
}

function isMeant({ createdAt, expiresAt, userId }: ListedSession, loggedIn: boolean | undefined): boolean {
  // What is damaged cannot be loaded: it is no living session.
  if (!Number.isFinite(createdAt + expiresAt)) return false;
  return loggedIn === undefined || (userId !== undefined) === loggedIn;
}
