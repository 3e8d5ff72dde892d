// Which sessions each user has; and which user takes more room than is fair.
import { MinHeap, type Ranked } from "./min-heap.ts";
import { type Linked, SeenList } from "./seen-list.ts";

/** So many sessions may anybody have, however full the store is. */
const FAIR_SHARE = 10;

/** A session that can have a user. */
export interface Owned<Item extends Owned<Item>> extends Linked<Item> {
  /** Bytes of the heap that it takes. */
  bytes: number;
  owner: UserSessions<Item> | undefined;
}

/** The sessions of one user. They rank before those of others when they take more room. */
export class UserSessions<Item extends Owned<Item>> implements Ranked {
  readonly userId: string;
  readonly seen: SeenList<Item> = new SeenList();
  count = 0;
  bytes = 0;
  rank = 0;
  heapIndex = -1;

  constructor(userId: string) {
    this.userId = userId;
  }
}

/** The sessions of all users. */
export class Users<Item extends Owned<Item>> {
  readonly #byId = new Map<string, UserSessions<Item>>();
  /** Those who have more than a fair share, the one who takes the most room first. */
  readonly #greedy = new MinHeap<UserSessions<Item>>();

  of(userId: string): UserSessions<Item> | undefined {
    return this.#byId.get(userId);
  }

  /** Those of the user who takes the most room, if that is more than is fair. */
  get greediest(): UserSessions<Item> | undefined {
    return this.#greedy.first();
  }

  add(userId: string, item: Item): UserSessions<Item> {
    let owner = this.#byId.get(userId);
    if (owner === undefined) {
      owner = new UserSessions(userId);
      this.#byId.set(userId, owner);
    }
    item.owner = owner;
    owner.seen.add(item);
    this.#account(owner, 1, item.bytes);
    return owner;
  }

  /** Takes a session from its user. */
  remove(item: Item, owner: UserSessions<Item>): void {
    item.owner = undefined;
    owner.seen.remove(item);
    this.#account(owner, -1, -item.bytes);
    if (owner.count === 0) this.#byId.delete(owner.userId);
  }

  /** To be called when one of the user's sessions has grown by so many bytes. */
  grow(owner: UserSessions<Item>, bytes: number): void {
    this.#account(owner, 0, bytes);
  }

  #account(owner: UserSessions<Item>, count: number, bytes: number): void {
    owner.count += count;
    owner.bytes += bytes;
    // Most users never come here.
    if (owner.heapIndex >= 0) this.#greedy.remove(owner);
    if (owner.count <= FAIR_SHARE) return;
    owner.rank = -owner.bytes;
    this.#greedy.add(owner);
  }
}
