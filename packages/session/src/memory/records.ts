// All records of the memory store, in the orders that it needs them in, and within its bounds: how many there may be, and how
// much of the heap they may take.
import { setImmediate as nextTurn } from "node:timers/promises";
import { announce, destroyed, expired } from "../model/events.ts";
import type { Entries } from "../model/session.ts";
import {
  GENERATED_LENGTH,
  isSameId,
  isWellFormedId,
  RECORD_LENGTH,
  recordIdOf,
} from "../model/session-id.ts";
import type { ListedSession } from "../model/store.ts";
import { formerAs } from "./former-ids.ts";
import { recordSize } from "./heap-size.ts";
import { MinHeap } from "./min-heap.ts";
import { type Kept, type KeptLogin, toListed } from "./record.ts";
import { SeenList } from "./seen-list.ts";
import { ShardedMap } from "./sharded-map.ts";
import { Users } from "./user-sessions.ts";

export interface Bounds {
  readonly idleMs: number;
  readonly maxSessions: number;
  readonly maxTotalBytes: number;
  readonly maxSessionsPerUser: number;
}

/** Records that a purge looks at before it looks at the clock: a fraction of a millisecond. */
const PURGE_BATCH = 100;
/** Records that a list looks at before other work has its turn. */
const LIST_BATCH = 1000;

/** The handle that an id begins with, if it is a generated one. */
function handleIn(id: unknown): string | undefined {
  return typeof id === "string" && id.length === GENERATED_LENGTH ? id.slice(0, RECORD_LENGTH) : undefined;
}

function opens(kept: Kept, id: string): boolean {
  if (isSameId(kept.id, id)) return true;
  return kept.former !== undefined && formerAs(kept.former, id, Date.now()) === "good";
}

export class Records {
  readonly #bounds: Bounds;
  /** By handle, which stays when the id changes. */
  readonly #byHandle = new ShardedMap<Kept>();
  readonly #users = new Users<Kept>();
  /** The rank of a record is a time before which it cannot have expired. */
  readonly #byExpiry = new MinHeap<Kept>();
  /** Those without a user: the first that are dropped when the store is full. */
  readonly #anonymous = new SeenList<Kept>();
  #anonymousCount = 0;
  #anonymousBytes = 0;
  #totalBytes = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#byHandle.size;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  get(handle: string): Kept | undefined {
    return this.#byHandle.get(handle);
  }

  /** The record that an id opens, be it expired. */
  find(id: string): Kept | undefined {
    // What is found must have this very id, so that its form need not be looked at: that would cost as much as all the rest.
    const handle = handleIn(id);
    const found = handle === undefined ? undefined : this.#byHandle.get(handle);
    if (found !== undefined && opens(found, id)) return found;
    if (!isWellFormedId(id)) return undefined;
    const other = this.#byHandle.get(recordIdOf(id));
    return other !== undefined && opens(other, id) ? other : undefined;
  }

  /** The living record of a session that this store has given. */
  findOf(id: string): Kept | undefined {
    const handle = handleIn(id);
    const kept = handle === undefined ? undefined : this.#byHandle.get(handle);
    // It is no stranger's guess, so that the time which the comparison takes tells nobody anything.
    return kept?.id === id && this.isLive(kept, Date.now()) ? kept : this.findLive(id);
  }

  findLive(id: string): Kept | undefined {
    const kept = this.find(id);
    return kept !== undefined && this.isLive(kept, Date.now()) ? kept : undefined;
  }

  /** The living record that has this very id. */
  findCurrent(id: string): Kept | undefined {
    const kept = this.findLive(id);
    return kept?.id === id ? kept : undefined;
  }

  /** Those of a user, the one last seen first. Each may be dropped when its turn has come. */
  ofUser(userId: string): Iterable<Kept> {
    return this.#users.of(userId)?.seen ?? [];
  }

  /** When a record ends: its lifetime, or earlier when it idles. */
  endOf(kept: Kept): number {
    return Math.min(kept.expiresAt, kept.lastSeenAt + this.#bounds.idleMs);
  }

  isLive(kept: Kept, now: number): boolean {
    return now < this.endOf(kept);
  }

  /** How many live, or only those with a user. It looks at those that have expired or been seen since the last purge. */
  countLive(now: number, loggedIn: boolean | undefined): number {
    const isDead = (kept: Kept): boolean =>
      !this.isLive(kept, now) && (loggedIn === undefined || (kept.owner !== undefined) === loggedIn);
    const dead = this.#byExpiry.countUpTo(now, isDead);
    if (loggedIn === undefined) return this.size - dead;
    return (loggedIn ? this.size - this.#anonymousCount : this.#anonymousCount) - dead;
  }

  /** Adds a record. `false`, and nothing is added, when there is no room for it. */
  add(kept: Kept, now: number): boolean {
    kept.bytes = recordSize(kept.entries, kept.login);
    if (!this.#makeRoom(now, kept.bytes)) return false;
    kept.rank = this.endOf(kept);
    this.#byHandle.set(kept.handle, kept);
    this.#byExpiry.add(kept);
    this.#totalBytes += kept.bytes;
    this.#joinList(kept, now);
    return true;
  }

  see(kept: Kept, now: number): void {
    // The heap is not told: see above.
    kept.lastSeenAt = now;
    (kept.owner === undefined ? this.#anonymous : kept.owner.seen).renew(kept);
  }

  /** To be called when the end of a record has changed, unless it was only seen. */
  reschedule(kept: Kept): void {
    this.#byExpiry.remove(kept);
    kept.rank = this.endOf(kept);
    this.#byExpiry.add(kept);
  }

  /** Gives a record other data. `false`, and nothing is changed, when there is no room for them. */
  write(kept: Kept, entries: Entries, now: number): boolean {
    const growth = recordSize(entries, kept.login) - kept.bytes;
    if (growth > 0 && !this.#makeRoom(now, growth, kept)) return false;
    kept.entries = entries;
    this.#grow(kept, growth);
    return true;
  }

  /**
   * Gives a record a user, and the data that this user is to find. Of the user's sessions those that are too many end, the ones
   * not seen for longest. `false`, and nothing is changed, when there is no room for it.
   */
  assign(kept: Kept, login: KeptLogin, entries: Entries, now: number): boolean {
    const growth = recordSize(entries, login) - kept.bytes;
    if (growth > 0 && !this.#makeRoom(now, growth, kept)) return false;
    this.#leaveList(kept);
    kept.entries = entries;
    kept.login = login;
    kept.bytes += growth;
    this.#totalBytes += growth;
    this.#joinList(kept, now);
    return true;
  }

  drop(kept: Kept): void {
    this.#leaveList(kept);
    this.#byExpiry.remove(kept);
    this.#byHandle.delete(kept.handle);
    this.#totalBytes -= kept.bytes;
  }

  /** Drops a record, and says whether it lived; what has become of it is announced. */
  end(kept: Kept, now: number): boolean {
    const wasLive = this.isLive(kept, now);
    this.drop(kept);
    announce(wasLive ? destroyed : expired, kept.handle);
    return wasLive;
  }

  /**
   * Makes room for one more record of so many bytes, or for so many more bytes of one: expired records go first, then those
   * without a user, then those of the user who takes the most room, above a fair share; of each, those not seen for longest.
   *
   * `false` when that would not do.
   */
  #makeRoom(now: number, bytes: number, growing?: Kept): boolean {
    if (this.#hasRoom(bytes, growing)) return true;
    this.#purge(now, PURGE_BATCH);
    if (this.#hasRoom(bytes, growing)) return true;
    // Whoever wants more room than can be made must not drop others in vain.
    const least =
      this.#users.greediest === undefined ? this.#totalBytes - this.#anonymousBytes + bytes : bytes;
    if (least > this.#bounds.maxTotalBytes) {
      this.#purge(now, Infinity);
      return this.#hasRoom(bytes, growing);
    }
    while (!this.#hasRoom(bytes, growing)) {
      const first = this.#dispensable(growing);
      if (first !== undefined) this.end(first, now);
      else if (this.#purge(now, Infinity) === 0) return false;
    }
    return true;
  }

  /** Removes what has expired, and gives its number. */
  purge(now: number): number {
    return this.#purge(now, Infinity);
  }

  /** The same, with a turn for other work after so many milliseconds. */
  async purgeInSlices(sliceMs: number): Promise<number> {
    for (let total = 0; ; await nextTurn()) {
      const until = performance.now() + sliceMs;
      do {
        const now = Date.now();
        total += this.#purge(now, PURGE_BATCH);
        if ((this.#byExpiry.first()?.rank ?? Infinity) > now) return total;
      } while (performance.now() < until);
    }
  }

  /** All that live, in no order, page by page. What is added meanwhile may be among them. */
  async *pages({
    pageSize,
    loggedIn,
  }: {
    pageSize: number;
    loggedIn: boolean | undefined;
  }): AsyncGenerator<ListedSession[], void> {
    let page: ListedSession[] = [];
    let looked = 0;
    for (const kept of this.#byHandle.values()) {
      if ((looked += 1) % LIST_BATCH === 0) await nextTurn();
      const isMeant = loggedIn === undefined || (kept.login !== undefined) === loggedIn;
      if (!isMeant || !this.isLive(kept, Date.now())) continue;
      page.push(toListed(kept));
      if (page.length < pageSize) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  /** Of the `most` records that are due first; it looks at no other. */
  #purge(now: number, most: number): number {
    let count = 0;
    for (let looked = 0; looked < most; looked += 1) {
      const first = this.#byExpiry.first();
      if (first === undefined || first.rank > now) break;
      const end = this.endOf(first);
      if (end > now) {
        // It was seen since it was put there.
        first.rank = end;
        this.#byExpiry.sinkFirst();
        continue;
      }
      this.end(first, now);
      count += 1;
    }
    return count;
  }

  #hasRoom(bytes: number, growing: Kept | undefined): boolean {
    const count = growing === undefined ? this.size + 1 : this.size;
    return count <= this.#bounds.maxSessions && this.#totalBytes + bytes <= this.#bounds.maxTotalBytes;
  }

  #dispensable(growing: Kept | undefined): Kept | undefined {
    const { oldest } = this.#anonymous;
    const anonymous = oldest === growing ? oldest?.newer : oldest;
    if (anonymous !== undefined) return anonymous;
    const greedy = this.#users.greediest?.seen.oldest;
    return greedy === growing ? greedy?.newer : greedy;
  }

  #grow(kept: Kept, bytes: number): void {
    kept.bytes += bytes;
    this.#totalBytes += bytes;
    if (kept.owner === undefined) this.#anonymousBytes += bytes;
    else this.#users.grow(kept.owner, bytes);
  }

  /** Puts a record into the list that it belongs in: that of its user, or that of those without one. */
  #joinList(kept: Kept, now: number): void {
    if (kept.login === undefined) {
      this.#anonymous.add(kept);
      this.#anonymousCount += 1;
      this.#anonymousBytes += kept.bytes;
      return;
    }
    const owner = this.#users.add(kept.login.userId, kept);
    while (owner.count > this.#bounds.maxSessionsPerUser && owner.seen.oldest !== undefined) {
      this.end(owner.seen.oldest, now);
    }
  }

  #leaveList(kept: Kept): void {
    if (kept.owner !== undefined) {
      this.#users.remove(kept, kept.owner);
      return;
    }
    this.#anonymous.remove(kept);
    this.#anonymousCount -= 1;
    this.#anonymousBytes -= kept.bytes;
  }
}
