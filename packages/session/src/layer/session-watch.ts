// Tells open connections, such as WebSockets and event streams, that the session they were opened with has ended: at once
// where this process has ended it, and by asking the store now and then for all others.
import type { SessionEvent } from "../model/events.ts";
import { destroyed, expired } from "../model/events.ts";
import type { JsonData } from "../model/json.ts";
import type { Mode, SessionEntry, Store } from "../model/store.ts";

/** What is watched: a session that was read, of somebody who is logged in. */
export interface Watchable {
  readonly handle: string | undefined;
  readonly userId: string | undefined;
  readonly actor?: { readonly userId: string; readonly handle: string } | undefined;
}

/** Tells when a session has ended. Stop it when the connection is closed. */
export interface SessionWatch extends Disposable {
  /** Aborts when the session has ended: by a logout anywhere, by its time, or with its actor's. */
  readonly signal: AbortSignal;
  /** Watches no longer. */
  stop(): void;
}

/** One open connection. */
interface Watched {
  readonly controller: AbortController;
  /** Who has to be logged in, by which session: the user, and whoever acts in their name. */
  readonly needs: readonly { readonly userId: string; readonly handle: string }[];
}

/** Asks once for each user in a round, however many connections they have. */
export class SessionWatcher<Data extends JsonData<Data>, M extends Mode> {
  readonly #store: Store<Data, M>;
  readonly #intervalMs: number;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;

  constructor(store: Store<Data, M>, intervalMs: number) {
    this.#store = store;
    this.#intervalMs = intervalMs;
  }

  /** @throws TypeError when the session is stored nowhere, or nobody has logged in. */
  watch({ handle, userId, actor }: Watchable): SessionWatch {
    if (handle === undefined || userId === undefined) {
      throw new TypeError(
        "sessions.watch(): nobody is logged in, so there is nothing that could end; ask for session.userId before",
      );
    }
    const controller = new AbortController();
    const watched: Watched = {
      controller,
      needs: [{ userId, handle }, ...(actor === undefined ? [] : [actor])],
    };
    this.#add(watched);
    const stop = (): void => this.#remove(watched);
    return { signal: controller.signal, stop, [Symbol.dispose]: stop };
  }

  #add(watched: Watched): void {
    this.#watched.add(watched);
    if (this.#timer !== undefined) return;
    destroyed.subscribe(this.#onEvent);
    expired.subscribe(this.#onEvent);
    this.#timer = setInterval(() => void this.#ask(), this.#intervalMs);
    // An open connection keeps the process alive by itself.
    this.#timer.unref();
  }

  #remove(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0 || this.#timer === undefined) return;
    destroyed.unsubscribe(this.#onEvent);
    expired.unsubscribe(this.#onEvent);
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #end(watched: Watched): void {
    this.#remove(watched);
    watched.controller.abort(new DOMException("The session has ended.", "AbortError"));
  }

  readonly #onEvent = (message: unknown): void => {
    const { handle } = message as SessionEvent;
    for (const watched of this.#watched) {
      if (watched.needs.some((need) => need.handle === handle)) this.#end(watched);
    }
  };

  async #ask(): Promise<void> {
    // A store that is slow is not asked faster than it answers.
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const users = new Set([...this.#watched].flatMap(({ needs }) => needs.map(({ userId }) => userId)));
      for (const userId of users) await this.#askOf(userId);
    } finally {
      this.#isAsking = false;
    }
  }

  async #askOf(userId: string): Promise<void> {
    // Who came later may have logged in after the answer was made.
    const asked = [...this.#watched];
    let entries: readonly SessionEntry[];
    try {
      entries = await this.#store.listByUser(userId);
    } catch {
      // The store has said so itself. Nobody is logged out by an outage.
      return;
    }
    const living = new Set(entries.map(({ handle }) => handle));
    for (const watched of asked) {
      const isGone = watched.needs.some((need) => need.userId === userId && !living.has(need.handle));
      if (isGone && this.#watched.has(watched)) this.#end(watched);
    }
  }
}
