// What a store should be: a few maps, and what each call does to them in one step.
//
// A call on the model gets what the real call gave, says whether that may be, and takes on what could not be known before,
// such as a new id. So it can be asked whether several calls that ran at once make sense in some order.

export type Value = string | number | { readonly n: number };

/** A session as a store holds it. */
interface Stored {
  id: string;
  readonly handle: string;
  userId: string | undefined;
  data: Map<string, Value>;
}

/** A session as a program holds it. */
interface Held {
  id: string;
  userId: string | undefined;
  /** As loaded; without what others wrote since. */
  data: Map<string, Value>;
  changes: Map<string, Value | undefined>;
}

/** What a real call gave. */
export type Seen =
  | {
      readonly kind: "session";
      readonly id: string;
      readonly handle: string;
      readonly userId: string | undefined;
      readonly data: Record<string, Value>;
    }
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly name: string };

/** One call, on the session object in a slot. */
export type Call =
  | {
      readonly do: "create";
      readonly slot: number;
      readonly user: string | undefined;
      readonly data: Record<string, Value>;
    }
  | { readonly do: "load"; readonly slot: number; readonly from: number }
  | { readonly do: "loadOld"; readonly slot: number; readonly which: number }
  | { readonly do: "set"; readonly slot: number; readonly key: string; readonly value: Value }
  | { readonly do: "remove" | "take"; readonly slot: number; readonly key: string }
  | { readonly do: "save" | "touch" | "regenerate" | "destroy" | "fatten"; readonly slot: number }
  | { readonly do: "login"; readonly slot: number; readonly user: string }
  | { readonly do: "update"; readonly slot: number; readonly key: string }
  | { readonly do: "list"; readonly slot: number; readonly user: string }
  | { readonly do: "destroyUser"; readonly slot: number; readonly user: string; readonly spare: boolean }
  | { readonly do: "destroyHandle"; readonly slot: number; readonly user: string };

/** Adds 1 to what is a number, and begins anew otherwise. */
export function increment(value: unknown): number {
  return typeof value === "number" ? value + 1 : 1;
}

export class Model {
  #stored = new Map<string, Stored>();
  #held = new Map<number, Held>();
  /** Ids that opened something once, and may not any more. */
  #old: string[] = [];

  clone(): Model {
    const copy = new Model();
    for (const [handle, it] of this.#stored) copy.#stored.set(handle, { ...it, data: new Map(it.data) });
    for (const [slot, it] of this.#held) {
      copy.#held.set(slot, { ...it, data: new Map(it.data), changes: new Map(it.changes) });
    }
    copy.#old = [...this.#old];
    return copy;
  }

  /** Takes on the state of another. */
  become(other: Model): void {
    this.#stored = other.#stored;
    this.#held = other.#held;
    this.#old = other.#old;
  }

  holds(slot: number): boolean {
    return this.#held.has(slot);
  }

  /** The id that a call loads, or the handle that it spares: as it is before anything begins. */
  targetOf(call: Call): string | undefined {
    if (call.do === "load") return this.#heldIn(call.from).id;
    if (call.do === "loadOld") return this.#old[call.which % Math.max(1, this.#old.length)] ?? "none";
    if (call.do === "destroyUser" && call.spare) return handleOf(this.#heldIn(call.slot).id);
    return undefined;
  }

  /** What has to be in the store, by the id that opens it. */
  contents(): Map<string, { userId: string | undefined; data: Record<string, Value> }> {
    return new Map(
      [...this.#stored.values()].map(({ id, userId, data }) => [
        id,
        { userId, data: Object.fromEntries(data) },
      ]),
    );
  }

  /** All ids that must open nothing. */
  get deadIds(): readonly string[] {
    const live = new Set([...this.#stored.values()].map(({ id }) => id));
    return this.#old.filter((id) => !live.has(id));
  }

  /**
   * Does a call. `undefined` when the real one may have given what it did, or what is wrong with that.
   *
   * @param target what {@link targetOf} gave before anything began
   * @param alone whether nothing else ran at the same time; lists and counts over several sessions are no single step
   */
  apply(call: Call, target: string | undefined, seen: Seen, alone: boolean): string | undefined {
    switch (call.do) {
      case "create": {
        if (seen.kind !== "session") return `create gave ${JSON.stringify(seen)}`;
        const data = new Map(Object.entries(call.data));
        this.#stored.set(seen.handle, { id: seen.id, handle: seen.handle, userId: call.user, data });
        this.#held.set(call.slot, {
          id: seen.id,
          userId: call.user,
          data: new Map(data),
          changes: new Map(),
        });
        return differs(seen, call.user, data);
      }
      case "load":
      case "loadOld":
        return this.#load(call.slot, target ?? "", seen);
      case "set":
        this.#heldIn(call.slot).changes.set(call.key, call.value);
        return undefined;
      case "remove":
        this.#heldIn(call.slot).changes.set(call.key, undefined);
        return undefined;
      case "take": {
        const held = this.#heldIn(call.slot);
        const value = held.changes.has(call.key) ? held.changes.get(call.key) : held.data.get(call.key);
        if (value !== undefined) held.changes.set(call.key, undefined);
        return expected(seen, value);
      }
      case "fatten": {
        // A value over `maxBytes`: refused where there is a session, and nothing is lost.
        const there = this.#find(this.#heldIn(call.slot).id) !== undefined;
        if (!there) return expected(seen, false);
        return seen.kind === "error" && seen.name === "SessionTooLargeError"
          ? undefined
          : `a large value gave ${JSON.stringify(seen)}`;
      }
      case "touch":
        return expected(seen, this.#find(this.#heldIn(call.slot).id) !== undefined);
      case "save":
        return this.#write(call.slot, seen, false, undefined);
      case "regenerate":
        return this.#write(call.slot, seen, true, undefined);
      case "login":
        return this.#write(call.slot, seen, true, call.user);
      case "update": {
        const stored = this.#find(this.#heldIn(call.slot).id);
        if (stored === undefined) {
          const isRefused = seen.kind === "error" && seen.name === "SessionEndedError";
          return isRefused ? undefined : `an update of no session gave ${JSON.stringify(seen)}`;
        }
        const next = increment(stored.data.get(call.key));
        stored.data.set(call.key, next);
        return expected(seen, next);
      }
      case "destroy": {
        const stored = this.#find(this.#heldIn(call.slot).id);
        if (stored !== undefined) this.#end(stored);
        return expected(seen, stored !== undefined);
      }
      case "list": {
        const handles = this.#of(call.user).map(({ handle }) => handle);
        return alone ? expected(seen, handles.toSorted()) : undefined;
      }
      case "destroyUser": {
        const ended = this.#of(call.user).filter(({ handle }) => handle !== target);
        for (const stored of ended) this.#end(stored);
        return alone ? expected(seen, ended.length) : undefined;
      }
      case "destroyHandle": {
        const stored = this.#of(call.user).find(
          ({ handle }) => handle === handleOf(this.#heldIn(call.slot).id),
        );
        if (stored !== undefined) this.#end(stored);
        return alone ? expected(seen, stored !== undefined) : undefined;
      }
    }
  }

  #heldIn(slot: number): Held {
    return this.#held.get(slot) as Held;
  }

  #find(id: string): Stored | undefined {
    const stored = this.#stored.get(handleOf(id));
    return stored?.id === id ? stored : undefined;
  }

  #of(userId: string): Stored[] {
    return [...this.#stored.values()].filter((it) => it.userId === userId);
  }

  #end(stored: Stored): void {
    this.#stored.delete(stored.handle);
    this.#old.push(stored.id);
  }

  #load(slot: number, id: string, seen: Seen): string | undefined {
    const stored = this.#find(id);
    if (stored === undefined) return expected(seen, undefined);
    if (seen.kind !== "session") return `load gave ${JSON.stringify(seen)} of a live session`;
    this.#held.set(slot, { id, userId: stored.userId, data: new Map(stored.data), changes: new Map() });
    return differs(seen, stored.userId, stored.data);
  }

  #write(slot: number, seen: Seen, rename: boolean, user: string | undefined): string | undefined {
    const held = this.#heldIn(slot);
    const stored = this.#find(held.id);
    if (stored === undefined) return expected(seen, false);
    if (seen.kind !== "session") return `a write of a live session gave ${JSON.stringify(seen)}`;
    if (user !== undefined && stored.userId !== undefined && stored.userId !== user) {
      // What another user has left behind is not for the next.
      held.changes.clear();
      held.data.clear();
      stored.data.clear();
    }
    for (const [key, value] of held.changes) {
      if (value === undefined) stored.data.delete(key);
      else stored.data.set(key, value);
      if (value === undefined) held.data.delete(key);
      else held.data.set(key, value);
    }
    held.changes.clear();
    // What others have written meanwhile is there with some stores, and with some only after the next load.
    const complaint = differs(seen, seen.userId, held.data) && differs(seen, seen.userId, stored.data);
    if (complaint !== undefined) return complaint;
    held.data = new Map(Object.entries(seen.data));
    if (user !== undefined) stored.userId = user;
    if (rename) {
      if (seen.id === stored.id || seen.handle !== stored.handle)
        return "the id has not changed, or the handle has";
      this.#old.push(stored.id);
      stored.id = seen.id;
      held.id = seen.id;
      if (user !== undefined) held.userId = user;
    }
    return seen.id === stored.id ? undefined : "the id has changed";
  }
}

function handleOf(id: string): string {
  return id.slice(0, 22);
}

function expected(seen: Seen, value: unknown): string | undefined {
  const real = seen.kind === "value" ? seen.value : seen;
  return JSON.stringify(real) === JSON.stringify(value)
    ? undefined
    : `expected ${JSON.stringify(value)}, got ${JSON.stringify(real)}`;
}

function differs(
  seen: Seen & { kind: "session" },
  userId: string | undefined,
  data: Map<string, Value>,
): string | undefined {
  if (seen.userId !== userId) return `the user is ${seen.userId}, not ${userId}`;
  const sorted = (it: Record<string, Value>): string =>
    JSON.stringify(Object.entries(it).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const own = Object.fromEntries(data);
  return sorted(seen.data) === sorted(own)
    ? undefined
    : `the data is ${sorted(seen.data)}, not ${sorted(own)}`;
}
