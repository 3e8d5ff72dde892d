// The two orders that the memory store keeps its records in: which expires first, and which was seen longest ago. Both are
// kept in the records themselves, so that finding, moving and removing one costs no search.

/** A record that can stand in an {@link ExpiryHeap}. */
export interface Expiring {
  /** A time at which it cannot have expired before; milliseconds since the epoch. */
  dueAt: number;
  heapIndex: number;
}

/** A binary heap by `dueAt`: the first to expire is at hand, and any record can be taken out. */
export class ExpiryHeap<Item extends Expiring> {
  readonly #items: Item[] = [];

  first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    item.heapIndex = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  remove(item: Item): void {
    const index = item.heapIndex;
    const last = this.#items.pop() as Item;
    item.heapIndex = -1;
    if (last === item) return;
    this.#put(last, index);
    this.#sink(last);
    this.#rise(last);
  }

  /** To be called when the first item's `dueAt` has grown. */
  sinkFirst(): void {
    const [first] = this.#items;
    if (first !== undefined) this.#sink(first);
  }

  #put(item: Item, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }

  #rise(item: Item): void {
    let index = item.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex] as Item;
      if (parent.dueAt <= item.dueAt) break;
      this.#put(parent, index);
      index = parentIndex;
    }
    this.#put(item, index);
  }

  #sink(item: Item): void {
    const { length } = this.#items;
    let index = item.heapIndex;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= length) break;
      let child = this.#items[childIndex] as Item;
      const right = this.#items[childIndex + 1];
      if (right !== undefined && right.dueAt < child.dueAt) {
        child = right;
        childIndex += 1;
      }
      if (item.dueAt <= child.dueAt) break;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(item, index);
  }
}

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
