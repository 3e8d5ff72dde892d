// What the ten groups of tests share: how a test is registered, how time passes, how two requests race.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Store, StoreOptions } from "../model/store.ts";

/** The data of the kit's sessions: any JSON under any key. */
export type AnyData = Record<string, unknown>;

/** Two connections to one store that was empty when they were opened. Where there are no connections, the same twice. */
export interface Connections {
  readonly store: Store<AnyData>;
  readonly other: Store<AnyData>;
}

/** The time that the store goes by. */
export interface Clock {
  /** Lets seconds pass: sets the clock, or really waits. */
  advance(seconds: number): void | Promise<void>;
  /**
   * Seconds that the kit takes as its unit of time; 1 unless given. Where time has to be waited for, a fraction saves the
   * most of it: no test waits for more than 40 units, and none depends on less than 2.
   */
  readonly unit?: number;
}

/** Ends what `blockWrites` began. */
export type BlockedWrites = () => void | Promise<void>;

/** What the kit has to be told about a store. */
export interface ConformanceOptions<Opened extends Connections> {
  /** Registers a test: that of vitest, of node:test, or of anything else that takes a name and a function. */
  test(name: string, run: () => Promise<void>): unknown;
  readonly clock: Clock;
  /** How often the races are run; 1000 unless given. */
  readonly rounds?: number;
  /** Closes what was opened. */
  close?(opened: Opened): void | Promise<void>;
  /** All that the store has written, as text: the same text as long as nothing is written. Needed outside of memory. */
  dump?(opened: Opened): string | Promise<string>;
  /** Damages a record whose data are `{ a: { b: 1 }, c: "d" }`: puts a text in the place of the JSON of `a`. */
  damage?(opened: Opened, handle: string, text: string): void | Promise<void>;
  /** Makes the store's engine refuse or hold up writes, while it can still be read. Gives what ends that. */
  blockWrites?(opened: Opened): BlockedWrites | Promise<BlockedWrites>;
  /** Makes the store's engine unavailable to `store`. */
  outage?(opened: Opened): void | Promise<void>;
  /** Starts another process that opens the store, and calls `store.update(id, key, (n) => n + 1)` so many times. */
  countInProcess?(opened: Opened, id: string, key: string, times: number): Promise<void>;
}

/** What the groups get. */
export interface Kit {
  readonly hooks: Omit<ConformanceOptions<Connections>, "test" | "clock" | "rounds" | "close">;
  readonly rounds: number;
  /** Registers the test of one promise, on a new store. `options` are in seconds, as everywhere. */
  prove(
    promise: string,
    run: (opened: Connections) => Promise<void>,
    options?: Partial<StoreOptions<AnyData>>,
  ): void;
  /** So many units of time, in seconds. */
  seconds(units: number): number;
  /** Lets so many units of time pass. */
  pass(units: number): Promise<void>;
}

type Call<Value> = () => Value | Promise<Value>;

/** Starts two calls at once, on odd rounds the second one first. */
export async function race<A, B>(round: number, first: Call<A>, second: Call<B>): Promise<[A, B]> {
  // Async functions, so that what a synchronous store throws becomes a rejection.
  const start = async <Value>(call: Call<Value>): Promise<Value> => await call();
  if (round % 2 === 0) return await Promise.all([start(first), start(second)]);
  const [b, a] = await Promise.all([start(second), start(first)]);
  return [a, b];
}

/** That a call fails with an error of this class. */
export async function refuses(
  call: () => unknown,
  expected: abstract new (...args: never[]) => Error,
): Promise<void> {
  await assert.rejects(async () => await call(), expected);
}

/** That there is no session under this id, on either connection. */
export async function assertGone({ store, other }: Connections, id: string): Promise<void> {
  assert.equal(await store.load(id), undefined);
  assert.equal(await other.load(id), undefined);
}

/** A value that must be there. */
export function present<Value>(value: Value | undefined): Value {
  assert.notEqual(value, undefined);
  return value as Value;
}

/** Tells the events of tests apart that run at the same time. */
const listening = new AsyncLocalStorage<readonly object[]>();

/** The events of one channel that `run` causes. */
export async function eventsOf(
  name: string,
  run: () => Promise<void>,
): Promise<{ handle?: string; reason?: string; operation?: string }[]> {
  const messages: object[] = [];
  // Within another `eventsOf`, what the inner one causes is caused by the outer one, too.
  const outer = listening.getStore() ?? [];
  const listener = (message: unknown): void => {
    if (listening.getStore()?.includes(messages)) messages.push(message as object);
  };
  subscribe(`hatcheck.session.${name}`, listener);
  try {
    await listening.run([...outer, messages], run);
  } finally {
    unsubscribe(`hatcheck.session.${name}`, listener);
  }
  return messages;
}
