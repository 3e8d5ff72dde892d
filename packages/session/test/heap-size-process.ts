// Measures, in a process of its own, what sessions take of the heap: where others' garbage lies about, it means nothing. Prints
// a line of JSON for each kind of session.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { recordSize } from "../src/memory/heap-size.ts";
import { SessionStore } from "../src/memory/memory-store.ts";
import { entriesOf } from "../src/model/session.ts";
import type { CreateOptions } from "../src/model/store.ts";

type Data = Record<string, unknown>;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

let texts = 0;

/** Text that nobody shares. */
function text(length: number, last = "x"): string {
  return `${(texts += 1)}`.padStart(length - 1, "0") + last;
}

/** Values of many keys. */
function keys(count: number, nameOf: (index: number) => string, valueOf: () => unknown): Data {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [nameOf(index), valueOf()]));
}

const named = (index: number): string => `k${index}`;
const unshared = (): string => text(30);
const short = (): string => text(10);

const KINDS: readonly [string, number, () => CreateOptions<Data>][] = [
  ["nothing", 4000, () => ({})],
  ["a user", 4000, () => ({ userId: text(10) })],
  ["a user's device", 2000, () => ({ userId: text(36), client: { ip: text(15), userAgent: text(120) } })],
  ["a number", 4000, () => ({ data: { count: 1 } })],
  ["five short texts", 2000, () => ({ data: keys(5, named, short) })],
  ["a long text", 200, () => ({ data: { a: text(60_000) } })],
  ["a long text with a € in it", 200, () => ({ data: { a: text(30_000, "€") } })],
  ["a short text with a € in it", 2000, () => ({ data: { a: text(90, "€") } })],
  ["a large object", 200, () => ({ data: { a: { b: [text(20_000)] } } })],
  ["a large object with a € in it", 200, () => ({ data: { a: { b: [text(20_000, "€")] } } })],
  ["many keys", 200, () => ({ data: keys(200, named, short) })],
  ["many keys that nobody shares", 200, () => ({ data: keys(200, unshared, () => 1) })],
  ["many floats", 200, () => ({ data: keys(200, named, Math.random) })],
];

for (const [kind, count, optionsOf] of KINDS) {
  const store = new SessionStore<Data>(3600);
  const fill = (many: number): void => {
    for (let made = 0; made < many; made += 1) store.create(optionsOf());
  };
  fill(count / 10);
  const before = heapUsed();
  fill(count);
  const each = (heapUsed() - before) / count;
  const { data = {}, userId, client = {} } = optionsOf();
  const said = recordSize(entriesOf(data), userId === undefined ? undefined : { userId, client });
  console.log(JSON.stringify({ kind, share: each / said, kept: store.len() / (count + count / 10) }));
}
