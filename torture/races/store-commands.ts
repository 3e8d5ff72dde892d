// The calls of a store as commands of fast-check: one after the other, or some at once over two connections. What ran at
// once must have had the effect of running in some order.
import assert from "node:assert/strict";
import type { Session, Store } from "@hatcheck/session";
import type { AnyData } from "@hatcheck/session/testkit";
import * as fc from "fast-check";
import { type Call, increment, type Model, type Seen, type Value } from "./model.ts";

/** A store over two connections, and the session objects that programs hold. */
export interface Real {
  readonly stores: readonly [Store<AnyData>, Store<AnyData>];
  readonly held: Map<number, Session<AnyData>>;
  /** How many calls were made, over all runs. */
  readonly counted: { calls: number };
}

/** Slots for session objects; what runs at once uses different ones. */
const SLOTS = 6;
const USERS = ["ada", "bob"];
const KEYS = ["a", "b", "__proto__x"];
export const MAX_BYTES = 2000;

const slot = fc.nat(SLOTS - 1);
const user = fc.constantFrom(...USERS);
const key = fc.constantFrom(...KEYS);
const anyValue: fc.Arbitrary<Value> = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.nat(9),
  fc.record({ n: fc.nat(9) }),
);

const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("create" as const),
      slot,
      user: fc.option(user, { nil: undefined }),
      data: fc.dictionary(key, anyValue, { maxKeys: 2, noNullPrototype: true }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("load" as const), slot, from: slot }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("loadOld" as const), slot, which: fc.nat(1000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("set" as const), slot, key, value: anyValue }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("remove" as const, "take" as const), slot, key }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "save" as const,
        "save" as const,
        "save" as const,
        "touch" as const,
        "regenerate" as const,
        "destroy" as const,
        "fatten" as const,
      ),
      slot,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("login" as const), slot, user }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("update" as const), slot, key: fc.constantFrom("a", "count") }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("list" as const), slot, user }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("destroyUser" as const), slot, user, spare: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("destroyHandle" as const), slot, user }) },
);

/** Calls that run at once, each over a connection. One is a batch of one. */
class Batch implements fc.AsyncCommand<Model, Real> {
  readonly #calls: readonly Call[];
  readonly #first: number;

  constructor(calls: readonly Call[], first: number) {
    this.#calls = calls;
    this.#first = first;
  }

  check(model: Readonly<Model>): boolean {
    return this.#calls.every(
      (it) =>
        it.do === "create" ||
        it.do === "loadOld" ||
        it.do === "list" ||
        (it.do === "destroyUser" && !it.spare) ||
        model.holds(it.do === "load" ? it.from : it.slot),
    );
  }

  async run(model: Model, real: Real): Promise<void> {
    const calls = this.#calls;
    real.counted.calls += calls.length;
    const alone = calls.length === 1;
    // What a call is about is looked up before any of them begins.
    const targets = calls.map((it) => model.targetOf(it));
    const begin = calls.map((it, index) => begun(it, targets[index], real));
    const seen = await Promise.all(
      begin.map((start, index) => start(real.stores[(this.#first + index) % 2] as Store<AnyData>)),
    );
    const complaints: string[] = [];
    const fitting: Model[] = [];
    for (const order of ordersOf(calls.length)) {
      const guess = model.clone();
      const complaint = order
        .map((index) => guess.apply(calls[index] as Call, targets[index], seen[index] as Seen, alone))
        .find((it) => it !== undefined);
      if (complaint === undefined) fitting.push(guess);
      else complaints.push(complaint);
    }
    assert.ok(fitting.length > 0, `no order explains what was seen: ${complaints.join("; ")}`);
    // Of several orders that explain the answers, one must explain what is stored now.
    const wrong: string[] = [];
    for (const guess of fitting) {
      const complaint = alone ? undefined : await mismatch(guess, real);
      if (complaint === undefined) {
        model.become(guess);
        return;
      }
      wrong.push(complaint);
    }
    assert.fail(`no order explains what is stored: ${wrong.join("; ")}`);
  }

  toString(): string {
    return this.#calls.map((it) => JSON.stringify(it)).join(" | ");
  }
}

/** Takes what a call is about from the slots, and gives what makes the call. */
function begun(it: Call, target: string | undefined, real: Real): (store: Store<AnyData>) => Promise<Seen> {
  const session = real.held.get(it.slot) as Session<AnyData>;
  const of = async (run: () => unknown, after: (result: unknown) => Seen = valueSeen): Promise<Seen> => {
    try {
      return after(await run());
    } catch (error) {
      return { kind: "error", name: (error as Error).name };
    }
  };
  const hold = (result: unknown): Seen => {
    if (result === undefined) return { kind: "value", value: undefined };
    real.held.set(it.slot, result as Session<AnyData>);
    return sessionSeen(result as Session<AnyData>);
  };
  const written = (result: unknown): Seen => (result === true ? sessionSeen(session) : valueSeen(result));
  switch (it.do) {
    case "create":
      return (store) =>
        of(() => store.create({ data: it.data, ...(it.user !== undefined && { userId: it.user }) }), hold);
    case "load":
    case "loadOld":
      return (store) => of(() => store.load(target ?? ""), hold);
    case "set":
      return () => of(() => session.set(it.key, it.value));
    case "remove":
      return () => of(() => session.remove(it.key));
    case "take":
      return () => of(() => session.take(it.key));
    case "save":
      return (store) => of(() => store.save(session), written);
    case "regenerate":
      return (store) => of(() => store.regenerate(session), written);
    case "login":
      return (store) => of(() => store.login(session, it.user), written);
    case "touch":
      return (store) => of(() => store.touch(session));
    case "destroy": {
      const { id } = session;
      return (store) => of(() => store.destroy(id));
    }
    case "fatten": {
      const { id } = session;
      return (store) =>
        of(async () => {
          const other = await store.load(id);
          if (other === undefined) return false;
          other.set("fat", "x".repeat(MAX_BYTES));
          return store.save(other);
        });
    }
    case "update": {
      const { id } = session;
      return (store) => of(() => store.update(id, it.key, increment));
    }
    case "list":
      return (store) =>
        of(
          () => store.listByUser(it.user),
          (entries) => valueSeen((entries as { handle: string }[]).map(({ handle }) => handle).toSorted()),
        );
    case "destroyUser":
      return (store) => of(() => store.destroyByUser(it.user, { except: target }));
    case "destroyHandle": {
      const { handle } = session;
      return (store) => of(() => store.destroyByHandle(it.user, handle));
    }
  }
}

function valueSeen(value: unknown): Seen {
  return { kind: "value", value };
}

function sessionSeen(session: Session<AnyData>): Seen {
  return {
    kind: "session",
    id: session.id,
    handle: session.handle,
    userId: session.userId,
    data: contentOf(session),
  };
}

function contentOf(session: Session<AnyData>): Record<string, Value> {
  return Object.fromEntries(session.keys().map((name) => [name, session.get(name) as Value]));
}

/** How the store differs from a model. */
export async function mismatch(model: Model, { stores }: Real): Promise<string | undefined> {
  const [store] = stores;
  for (const [id, { userId, data }] of model.contents()) {
    const session = await store.load(id);
    if (session === undefined) return "a session is missing";
    const own = sorted(data);
    const real = sorted(contentOf(session));
    if (own !== real || session.userId !== userId)
      return `${real} of ${session.userId}, expected ${own} of ${userId}`;
  }
  for (const id of model.deadIds.slice(-SLOTS))
    if ((await store.load(id)) !== undefined) return "a dead id opens a session";
  return undefined;
}

function sorted(data: Record<string, Value>): string {
  return JSON.stringify(Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function ordersOf(count: number): readonly (readonly number[])[] {
  return ORDERS[count] ?? [];
}

const ORDERS: Readonly<Record<number, readonly (readonly number[])[]>> = {
  1: [[0]],
  2: [
    [0, 1],
    [1, 0],
  ],
  3: [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ],
};

/** Calls at once, on slots of their own. */
const together = fc.uniqueArray(call, { minLength: 2, maxLength: 3, selector: (it) => it.slot });

export const commands: readonly fc.Arbitrary<fc.AsyncCommand<Model, Real>>[] = [
  fc.tuple(call, fc.nat(1)).map(([one, first]) => new Batch([one], first)),
  fc.tuple(together, fc.nat(1)).map(([some, first]) => new Batch(some, first)),
];
