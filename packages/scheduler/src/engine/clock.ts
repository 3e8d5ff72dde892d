/**
 * The clock the scheduler lives by. It is passed in, so that a month can pass in a test, and so that nothing
 * else in this package reads the time.
 */

/** What `setTimeout` gave; `ref` and `unref` decide whether it keeps the process alive, where the clock knows that. */
export interface TimerHandle {
  ref?(): unknown;
  unref?(): unknown;
}

/** A source of time. All times are milliseconds. */
export interface Clock {
  /** Wall time since 1970-01-01T00:00Z. It can step, in both directions. */
  now(): number;
  /** Time since some fixed point. It never goes backwards, and may stand still while the machine sleeps. */
  monotonic(): number;
  /** Calls `callback` once, after `delay` milliseconds. */
  setTimeout(callback: () => void, delay: number): TimerHandle;
  /** Takes back a `setTimeout`. */
  clearTimeout(timer: TimerHandle): void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
