// The store as the requests of a schedule have it: each of its calls is a step, may fail on demand, and is remembered by the
// ids that it made.
import { AsyncLocalStorage } from "node:async_hooks";
import { SessionStoreUnavailableError } from "../../model/errors.ts";
import { Session } from "../../model/session.ts";
import type { Store } from "../../model/store.ts";
import type { AnyData } from "../kit.ts";
import type { Fate, Step } from "./gate.ts";

/** A request of a schedule, as the store's calls that it makes see it. */
export interface Caller {
  /** Waits until the schedule takes the step. */
  pause(step: Step): Promise<Fate>;
  /** This is what becomes of one of its calls. */
  meet(fate: Fate): void;
  /** Gives way to other calls of the same request that wait. */
  yield(): void;
  /** What may happen to its calls. */
  readonly fates: readonly Fate[];
  /** What happens to the next call of a store that answers at once. */
  fate: Fate;
  /** Whether an answer waits for a step of its own. */
  readonly pausesAnswers: boolean;
  /** A call is carried out now. */
  mark(): void;
  /** An id that the store gave. */
  saw(id: string): void;
}

/** The request that is running. */
export const caller: AsyncLocalStorage<Caller> = new AsyncLocalStorage();

type Method = (...args: unknown[]) => unknown;

/** Calls that are not made by a request of a schedule go straight to the store. */
export function watched(store: Store<AnyData>): Store<AnyData> {
  const call = store.mode === "sync" ? callAtOnce : callLater;
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const method = value.bind(target) as Method;
      // The time is known without asking anybody.
      if (name === "now") return method;
      return (...args: unknown[]): unknown => {
        const by = caller.getStore();
        return by === undefined ? method(...args) : call(by, String(name), method, args);
      };
    },
  });
}

/** A store that answers at once cannot be paused: the steps are those of the handler, which says what becomes of a call. */
function callAtOnce(by: Caller, _name: string, method: Method, args: unknown[]): unknown {
  const { fate } = by;
  by.fate = "done";
  by.meet(fate);
  if (fate === "failed") throw new SessionStoreUnavailableError();
  try {
    const result = method(...args);
    note(by, result, args);
    if (fate === "done") return result;
  } catch (error) {
    if (fate === "done") throw error;
  }
  throw new SessionStoreUnavailableError();
}

async function callLater(by: Caller, name: string, method: Method, args: unknown[]): Promise<unknown> {
  const fate = await by.pause({ what: name, store: true, jar: "leaves alone", fates: by.fates });
  by.mark();
  by.meet(fate);
  if (fate === "failed") throw new SessionStoreUnavailableError();
  const run = async (): Promise<unknown> => {
    const result = await method(...args);
    note(by, result, args);
    return result;
  };
  try {
    return await (fate === "lost" ? lose(run()) : run());
  } finally {
    if (by.pausesAnswers) {
      await by.pause({ what: `answer of ${name}`, store: false, jar: "leaves alone", fates: ["done"] });
    } else by.yield();
  }
}

async function lose(answer: Promise<unknown>): Promise<never> {
  await answer.catch(() => undefined);
  throw new SessionStoreUnavailableError();
}

/** Sessions that the store has made, or given another id. */
function note(by: Caller, result: unknown, args: readonly unknown[]): void {
  for (const it of [result, ...args]) if (it instanceof Session) by.saw(it.id);
}
