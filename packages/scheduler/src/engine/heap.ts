/**
 * A binary min-heap whose entries know their place, so that any of them can be taken out in O(log n).
 */

/** Something that waits in a {@link Heap}. */
export interface HeapEntry {
  /** The smallest leaves first. */
  readonly key: number;
  /** The place in the heap, kept by the heap; -1 when in none. */
  index: number;
}

export class Heap<Entry extends HeapEntry> {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  peek(): Entry | undefined {
    return this.#entries[0];
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#up(entry, this.#entries.length - 1);
  }

  pop(): Entry | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Takes an entry out; one that is in no heap is left alone. */
  remove(entry: Entry): void {
    const index = entry.index;
    if (index === -1) return;
    entry.index = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#up(last, index);
    this.#down(last, last.index);
  }

  #up(entry: Entry, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#entries[parentIndex];
      if (parent === undefined || parent.key <= entry.key) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(entry, index);
  }

  #down(entry: Entry, from: number): void {
    const entries = this.#entries;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = entries[childIndex];
      if (child === undefined) break;
      const right = entries[childIndex + 1];
      if (right !== undefined && right.key < child.key) {
        child = right;
        childIndex += 1;
      }
      if (entry.key <= child.key) break;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(entry, index);
  }

  #place(entry: Entry, index: number): void {
    this.#entries[index] = entry;
    entry.index = index;
  }
}
