// Stores around the real memory store: one that counts what it is asked, one that answers later, as a server would.
import type { JsonData, Store } from "../src/index.ts";

export interface Calls {
  clear(): void;
  total(): number;
  list(): string[];
}

/** Counts the methods that are called. */
export function counting<Data extends JsonData<Data>>(
  store: Store<Data>,
): { store: Store<Data>; calls: Calls } {
  let names: string[] = [];
  const calls: Calls = {
    clear: () => {
      names = [];
    },
    total: () => names.length,
    list: () => names,
  };
  const proxy = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        names.push(String(name));
        return value.apply(target, args);
      };
    },
  });
  return { store: proxy, calls };
}

/** Answers with promises, a turn of the event loop later, as a store on a server does. */
export function later<Data extends JsonData<Data>>(store: Store<Data, "sync">): Store<Data, "async"> {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "mode") return "async";
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      // The time is known without asking anybody.
      if (name === "now") return () => target.now();
      return async (...args: unknown[]): Promise<unknown> => {
        await new Promise(setImmediate);
        return value.apply(target, args);
      };
    },
  }) as unknown as Store<Data, "async">;
}
