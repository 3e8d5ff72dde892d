/**
 * What makes things happen on time: everything that waits is in a heap, and one timer wakes for the first.
 *
 * There is one heap for each kind of time, since the two drift apart whenever the wall clock is set: intervals,
 * retries and timeouts wait on monotonic time, cron slots on wall time. The timer never sleeps longer than 30 s,
 * for three reasons: a timer of Node's cannot hold more than 2^31 ms, a wall clock that was set must be noticed,
 * and timers stand still while the machine sleeps.
 */
import { logError } from "../values/log.ts";
import type { Clock, TimerHandle } from "./clock.ts";
import { Heap, type HeapEntry } from "./heap.ts";

/** The longest sleep, in milliseconds. */
const LONGEST_SLEEP = 30_000;
/** A wall clock that loses more than this between two wake-ups, in milliseconds, was set back; less is slewing. */
const STEP_BACK = 1000;

/** What a slot's time is counted on. */
export type TimeBase = "monotonic" | "wall";

/** A call that waits for its time. */
export interface Alarm extends HeapEntry {
  readonly base: TimeBase;
  callback: () => void;
}

export class Engine {
  readonly #clock: Clock;
  readonly #onStepBack: (since: number) => void;
  readonly #heaps: Record<TimeBase, Heap<Alarm>> = { monotonic: new Heap(), wall: new Heap() };
  #unref: boolean;
  #timer: TimerHandle | undefined;
  /** When the timer will fire, on the monotonic clock. */
  #wakeAt = Infinity;
  /** Both times as seen last. */
  #seen: { wall: number; monotonic: number };

  /**
   * @param onStepBack called when the wall clock was set back, before any alarm that is due, with what the clock that
   *   holds now would have shown when the time was last looked at
   */
  constructor(clock: Clock, unref: boolean, onStepBack: (since: number) => void) {
    this.#clock = clock;
    this.#unref = unref;
    this.#onStepBack = onStepBack;
    this.#seen = { wall: clock.now(), monotonic: clock.monotonic() };
  }

  /** The time now, on the clock named. */
  time(base: TimeBase): number {
    return base === "wall" ? this.#clock.now() : this.#clock.monotonic();
  }

  /** Calls `callback` once the clock named shows `time`; at the earliest in the next turn of the event loop. */
  at(base: TimeBase, time: number, callback: () => void): Alarm {
    const alarm: Alarm = { key: time, index: -1, base, callback };
    this.#heaps[base].push(alarm);
    this.#arm();
    return alarm;
  }

  /** Calls `callback` after `delay` milliseconds. */
  in(delay: number, callback: () => void): Alarm {
    return this.at("monotonic", this.#clock.monotonic() + delay, callback);
  }

  cancel(alarm: Alarm | undefined): void {
    if (alarm === undefined) return;
    this.#heaps[alarm.base].remove(alarm);
    // It may be due in this very wake-up and out of its heap already.
    alarm.callback = () => {};
    if (this.#heaps.monotonic.size + this.#heaps.wall.size === 0) this.#disarm();
  }

  /** From now on, what waits keeps the process alive. */
  ref(): void {
    this.#unref = false;
    this.#timer?.ref?.();
  }

  #arm(): void {
    const wait = Math.min(
      (this.#heaps.monotonic.peek()?.key ?? Infinity) - this.#clock.monotonic(),
      (this.#heaps.wall.peek()?.key ?? Infinity) - this.#clock.now(),
    );
    if (wait === Infinity) return;
    const delay = Math.min(Math.max(Math.ceil(wait), 0), LONGEST_SLEEP);
    const wakeAt = this.#clock.monotonic() + delay;
    // A timer that fires too early is cheap; setting a new one for every task is not.
    if (this.#timer !== undefined && this.#wakeAt <= wakeAt) return;
    this.#disarm();
    this.#wakeAt = wakeAt;
    this.#timer = this.#clock.setTimeout(() => this.#wake(), delay);
    if (this.#unref) this.#timer.unref?.();
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakeAt = Infinity;
  }

  #wake(): void {
    this.#timer = undefined;
    this.#wakeAt = Infinity;
    const seen = this.#seen;
    this.#seen = { wall: this.#clock.now(), monotonic: this.#clock.monotonic() };
    const since = this.#seen.wall - (this.#seen.monotonic - seen.monotonic);
    if (since < seen.wall - STEP_BACK) attempt(() => this.#onStepBack(since));

    // All that is due leaves its heap first, so that a callback which sets an alarm for now cannot hold the loop.
    const due = [...this.#takeDue("monotonic"), ...this.#takeDue("wall")];
    for (const alarm of due) attempt(alarm.callback);
    this.#arm();
  }

  #takeDue(base: TimeBase): Alarm[] {
    const heap = this.#heaps[base];
    const now = this.time(base);
    const due: Alarm[] = [];
    for (let first = heap.peek(); first !== undefined && first.key <= now; first = heap.peek()) {
      due.push(first);
      heap.pop();
    }
    return due;
  }
}

/** One alarm that throws must not take the others with it, nor the process. */
function attempt(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    logError("An alarm of the scheduler failed; the others go on:", error);
  }
}
