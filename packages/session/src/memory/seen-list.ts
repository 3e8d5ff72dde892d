// Which session was seen longest ago. The order is kept in the records themselves, so that finding, moving and removing one
// costs no search.

/** A record that can stand in a {@link SeenList}. */
export interface Linked<Item> {
  newer: Item | undefined;
  older: Item | undefined;
}

/** A doubly linked list: the record seen longest ago is first. */
export class SeenList<Item extends Linked<Item>> {
  #oldest: Item | undefined;
  #newest: Item | undefined;

  get oldest(): Item | undefined {
    return this.#oldest;
  }

  /** Those that are in the list when it begins, the newest first; each may be removed when its turn has come. */
  *[Symbol.iterator](): Generator<Item> {
    let item = this.#newest;
    while (item !== undefined) {
      const next: Item | undefined = item.older;
      yield item;
      item = next;
    }
  }

  /** Puts an item that is not in the list at its newest end. */
  add(item: Item): void {
    item.older = this.#newest;
    item.newer = undefined;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
  }

  remove(item: Item): void {
    if (item.older === undefined) this.#oldest = item.newer;
    else item.older.newer = item.newer;
    if (item.newer === undefined) this.#newest = item.older;
    else item.newer.older = item.older;
    item.newer = undefined;
    item.older = undefined;
  }

  /** Moves an item of the list to its newest end. */
  renew(item: Item): void {
    if (this.#newest === item) return;
    this.remove(item);
    this.add(item);
  }
}
