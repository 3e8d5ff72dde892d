/**
 * Renews the lease of a run that goes on, and says when it is lost.
 */
import type { Alarm, Engine } from "../engine/engine.ts";
import type { Lease } from "../once/once.ts";

/** How long the database may take to take a lease back, in milliseconds; it runs out by itself. */
const RELEASE_TIMEOUT = 1000;

/** An exclusive run whose lease ran out, since the database could not be reached, or the process stood still. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

export class LeaseKeeper {
  readonly #lease: Lease;
  readonly #engine: Engine;
  readonly #onLost: () => void;
  /** When the lease runs out, on the monotonic clock, by the most careful count. */
  #endsAt: number;
  #alarm: Alarm | undefined;
  #isOver = false;

  /** @param askedAt when the lease was asked for, on the monotonic clock */
  constructor(lease: Lease, engine: Engine, askedAt: number, onLost: () => void) {
    this.#lease = lease;
    this.#engine = engine;
    this.#onLost = onLost;
    this.#endsAt = askedAt + lease.leaseMs;
    this.#setAlarm();
  }

  get fencingToken(): number {
    return this.#lease.fencingToken;
  }

  /** Gives the lease back; never rejects. */
  async release(): Promise<void> {
    this.#end();
    const waited = Promise.withResolvers<void>();
    const alarm = this.#engine.in(RELEASE_TIMEOUT, waited.resolve);
    await Promise.race([call(this.#lease.release.bind(this.#lease)), waited.promise]);
    this.#engine.cancel(alarm);
  }

  #setAlarm(): void {
    const left = this.#endsAt - this.#engine.time("monotonic");
    this.#alarm = this.#engine.in(Math.max(Math.min(this.#lease.leaseMs / 3, left), 0), () =>
      this.#onAlarm(),
    );
  }

  #onAlarm(): void {
    const now = this.#engine.time("monotonic");
    if (now >= this.#endsAt) {
      this.#lose();
      return;
    }
    this.#setAlarm();
    void call(this.#lease.renew.bind(this.#lease)).then((isRenewed) => {
      if (this.#isOver) return;
      if (isRenewed === true) this.#endsAt = Math.max(this.#endsAt, now + this.#lease.leaseMs);
      else if (isRenewed === false) this.#lose();
    });
  }

  #lose(): void {
    this.#end();
    this.#onLost();
  }

  #end(): void {
    this.#isOver = true;
    this.#engine.cancel(this.#alarm);
  }
}

/** Gives `undefined` when it fails: what cannot be known is tried again, or runs out. */
async function call<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}
