// What comes first by a number: which session expires first, which user takes the most room. The order is kept in the items
// themselves, so that moving or removing one costs no search.

/** An item that can stand in a {@link MinHeap}. */
export interface Ranked {
  rank: number;
  /** Where it stands; below 0 when it does not. */
  heapIndex: number;
}

/** A binary heap: the item of the lowest rank is at hand, and any item can be taken out. */
export class MinHeap<Item extends Ranked> {
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
    const last = this.#items.pop();
    item.heapIndex = -1;
    if (last === undefined || last === item) return;
    this.#put(last, index);
    this.#sink(last);
    this.#rise(last);
  }

  /** How many have a rank of so much or less. It looks at those, and at the next behind them. */
  countUpTo(rank: number, counts: (item: Item) => boolean): number {
    let count = 0;
    const pending = [0];
    for (const index of pending) {
      const item = this.#items[index];
      if (item === undefined || item.rank > rank) continue;
      if (counts(item)) count += 1;
      pending.push(2 * index + 1, 2 * index + 2);
    }
    return count;
  }

  /** To be called when the first item's `rank` has grown. */
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
      const parent = this.#items[parentIndex];
      if (parent === undefined || parent.rank <= item.rank) break;
      this.#put(parent, index);
      index = parentIndex;
    }
    this.#put(item, index);
  }

  #sink(item: Item): void {
    let index = item.heapIndex;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = this.#items[childIndex];
      if (child === undefined) break;
      const right = this.#items[childIndex + 1];
      if (right !== undefined && right.rank < child.rank) {
        child = right;
        childIndex += 1;
      }
      if (item.rank <= child.rank) break;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(item, index);
  }
}
