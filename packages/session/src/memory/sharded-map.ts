// A map that never stops the world: V8 rehashes a map as a whole when it grows or shrinks, which takes a tenth of a second
// at a million entries. Many small maps do it one at a time; too many would each be out of the processor's cache whenever
// they are needed.

const SHARDS = 128;

/** A map from ids to values, spread over many small ones by two of an id's last characters. */
export class ShardedMap<Value> {
  readonly #shards: Map<string, Value>[] = Array.from({ length: SHARDS }, () => new Map<string, Value>());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: string): Value | undefined {
    return this.#shardOf(id).get(id);
  }

  set(id: string, value: Value): void {
    const shard = this.#shardOf(id);
    const before = shard.size;
    shard.set(id, value);
    this.#size += shard.size - before;
  }

  delete(id: string): boolean {
    const deleted = this.#shardOf(id).delete(id);
    if (deleted) this.#size -= 1;
    return deleted;
  }

  /** All values. What is set meanwhile may be among them. */
  *values(): Generator<Value> {
    for (const shard of this.#shards) yield* shard.values();
  }

  #shardOf(id: string): Map<string, Value> {
    const { length } = id;
    const hash = id.charCodeAt(length - 1) * 31 + id.charCodeAt(length - 2);
    return this.#shards[hash & (SHARDS - 1)] as Map<string, Value>;
  }
}
