/**
 * A clock that steps: time stands still until a test moves it, and the wall clock can be set like a real one.
 */
import type { Clock, TimerHandle } from "../src/engine/clock.ts";

interface Timer extends TimerHandle {
  at: number;
  callback: () => void;
}

export class FakeClock implements Clock {
  #wall: number;
  #monotonic = 0;
  readonly #timers = new Set<Timer>();
  /** How many timers have been set so far. */
  timersSet = 0;

  constructor(wall: string) {
    this.#wall = Date.parse(wall);
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Like Node's: a delay over 2^31 - 1 ms fires at once. */
  setTimeout(callback: () => void, delay: number): TimerHandle {
    this.timersSet += 1;
    const timer: Timer = { at: this.#monotonic + (delay > 2 ** 31 - 1 ? 1 : Math.max(delay, 1)), callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: TimerHandle): void {
    this.#timers.delete(timer as Timer);
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass, in milliseconds, and what is due happen on time. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#monotonic + milliseconds;
    for (;;) {
      await settle();
      const first = [...this.#timers].toSorted((a, b) => a.at - b.at)[0];
      if (first === undefined || first.at > end) break;
      this.#move(Math.max(first.at - this.#monotonic, 0));
      this.#timers.delete(first);
      first.callback();
    }
    this.#move(end - this.#monotonic);
    await settle();
  }

  /** Sets the wall clock, by so many milliseconds; nothing else notices. */
  stepWall(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  /** The machine sleeps: nothing happens, and the monotonic clock goes on only where the system lets it. */
  sleep(milliseconds: number, { monotonicGoesOn }: { monotonicGoesOn: boolean }): void {
    this.#wall += milliseconds;
    if (monotonicGoesOn) this.#monotonic += milliseconds;
  }

  /** The loop is blocked: both clocks go on, no timer fires. */
  block(milliseconds: number): void {
    this.#move(milliseconds);
  }

  #move(milliseconds: number): void {
    this.#wall += milliseconds;
    this.#monotonic += milliseconds;
  }
}

/** Lets all promises that can settle do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
