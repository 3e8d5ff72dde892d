/**
 * Which slot of a task comes next, and whether one that came late is still worth running. It knows nothing of runs.
 */
import type { Alarm, Engine, TimeBase } from "../engine/engine.ts";
import type { CronOptions } from "./options.ts";
import type { Timing } from "./timing.ts";
import type { Timetable } from "./timetable.ts";

/** A slot whose time has come. */
export interface DueSlot {
  /** Wall time, in milliseconds since 1970. */
  readonly scheduledAt: number;
  readonly lateMs: number;
  /** For how long after `scheduledAt` no instance may forget that it was claimed, in milliseconds. */
  readonly keepMs: number;
}

export interface PlannerListener {
  onSlot(slot: DueSlot): void;
  /** The slots between two wall times passed unrun. */
  onMissed(from: number, to: number, lateMs: number): void;
  /** No slot comes any more. */
  onDone(): void;
}

/** The longest grace that is given unasked, in milliseconds. */
const LONGEST_GRACE = 300_000;
/** How many fixed-time slots are remembered, to run none twice when the wall clock is set back. */
const REMEMBERED = 100;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How long the claim of a slot is kept that has none after it, in milliseconds. */
const KEPT_AFTER_LAST = 400 * DAY;

export class Planner {
  readonly #options: CronOptions;
  readonly #engine: Engine;
  readonly #listener: PlannerListener;
  readonly #until: number;
  /** The monotonic time before which nothing is due. */
  readonly #readyAt: number;
  /** Slots that have been run, where the timetable must not repeat them. */
  readonly #ran = new Set<number>();
  #timing: Timing;
  /** None for `after`: each run sets the next. */
  #timetable: Timetable | undefined;
  /** The slot that comes next, on its timetable's clock, and the alarm set for it. */
  #slot: number | undefined;
  #alarm: Alarm | undefined;

  constructor(
    timing: Timing,
    options: CronOptions,
    initialDelay: number,
    engine: Engine,
    listener: PlannerListener,
  ) {
    this.#options = options;
    this.#engine = engine;
    this.#listener = listener;
    this.#until = options.until === undefined ? Infinity : Number(options.until);
    // Whole milliseconds, so that the grid is exact.
    this.#readyAt = Math.ceil(engine.time("monotonic")) + initialDelay;
    this.#timing = timing;
    this.#timetable = timing.timetable?.(this.#readyAt);
  }

  /** Whether each run sets the next, as with `after`. */
  get followsRuns(): boolean {
    return this.#timetable === undefined;
  }

  get schedule(): string {
    return this.#timing.schedule;
  }

  start(): void {
    this.#lookBack();
    this.#plan(this.#timetable === undefined ? this.#readyAt : this.#nextFrom());
  }

  resume(): void {
    if (this.#timetable === undefined) this.planAfterRun();
    else this.#plan(this.#nextFrom());
  }

  /** Plans by another timetable from now on; what was due by the old one is not. */
  reschedule(timing: Timing): void {
    this.#timing = timing;
    const now = Math.ceil(this.#engine.time("monotonic"));
    this.#timetable = timing.timetable?.(Math.max(now + timing.length, this.#readyAt));
    if (this.#slot !== undefined) this.unplan();
  }

  unplan(): void {
    this.#engine.cancel(this.#alarm);
    this.#alarm = undefined;
    this.#slot = undefined;
  }

  planAfterRun(): void {
    this.#plan(Math.max(this.#engine.time("monotonic") + this.#timing.length, this.#readyAt));
  }

  /** Plans anew after the wall clock was set back to `since`, or shortly before. */
  onStepBack(since: number): void {
    if (this.#slot !== undefined && this.#base === "wall") this.#plan(this.#nextFrom(since));
  }

  msToNextSlot(): number {
    return this.#slot === undefined ? Infinity : this.#slot - this.#engine.time(this.#base);
  }

  /** The next slots as wall times, as far as they are known: for `after`, that is at most one. */
  nextSlots(count: number): number[] {
    const slots: number[] = [];
    let slot = this.#slot;
    while (slot !== undefined && slots.length < count && this.#toWall(slot) <= this.#until) {
      slots.push(this.#toWall(slot));
      slot = this.#next(slot);
    }
    return slots;
  }

  get #base(): TimeBase {
    return this.#timetable?.base ?? "monotonic";
  }

  #toWall(slot: number): number {
    if (this.#base === "wall") return slot;
    return Math.round(slot + this.#engine.time("wall") - this.#engine.time("monotonic"));
  }

  /** The first slot after a time that has not been run before. */
  #next(after: number): number | undefined {
    let slot = this.#timetable?.next(after);
    while (slot !== undefined && this.#ran.has(slot)) slot = this.#timetable?.next(slot);
    return slot;
  }

  /** The first slot after now, or after the time given, once the initial delay has passed. */
  #nextFrom(wall: number = this.#engine.time("wall")): number | undefined {
    const monotonic = this.#engine.time("monotonic");
    return this.#next(
      this.#base === "wall"
        ? wall + Math.floor(Math.max(this.#readyAt - monotonic, 0))
        : Math.max(Math.ceil(monotonic), this.#readyAt) - 1,
    );
  }

  /** At the start: the latest slot that all instances may have missed, and the date of `at`. */
  #lookBack(): void {
    const now = this.#engine.time("wall");
    const slot = this.#base === "wall" ? this.#timetable?.latest(Math.min(now, this.#until)) : undefined;
    if (slot === undefined) return;
    if (now - slot <= (this.#options.catchUpMs ?? -1)) {
      const keepMs = this.#keepMs(slot, this.#next(slot));
      this.#remember(slot);
      const delay = Math.max(this.#readyAt - this.#engine.time("monotonic"), 0);
      this.#engine.in(delay, () =>
        this.#listener.onSlot({ scheduledAt: slot, lateMs: this.#engine.time("wall") - slot, keepMs }),
      );
    } else if (this.#timing.isSingle) {
      this.#listener.onMissed(slot, slot, now - slot);
    }
  }

  #plan(slot: number | undefined): void {
    this.unplan();
    if (slot === undefined || this.#toWall(slot) > this.#until) {
      this.#listener.onDone();
      return;
    }
    const due = slot + this.#jitter(slot);
    this.#slot = slot;
    this.#alarm = this.#engine.at(this.#base, due, () => this.#onDue(slot, due));
  }

  #jitter(slot: number): number {
    const { jitterMs } = this.#options;
    if (jitterMs === undefined) return 0;
    // Less than the way to the next slot, so that no slot is passed over.
    const gap = (this.#next(slot) ?? Infinity) - slot;
    return Math.floor(Math.random() * Math.min(jitterMs + 1, gap));
  }

  #onDue(planned: number, due: number): void {
    this.#slot = undefined;
    const table = this.#timetable;
    if (table === undefined) {
      const lateMs = this.#engine.time("monotonic") - due;
      this.#listener.onSlot({ scheduledAt: this.#toWall(planned), lateMs, keepMs: 0 });
      return;
    }
    const now = this.#engine.time(table.base);
    const untilHere = this.#until - this.#engine.time("wall") + now;
    let slot = planned;
    let next = this.#next(slot);
    let late = now - due;
    if (next !== undefined && next <= now && next <= untilHere) {
      slot = table.latest(Math.min(now, untilHere)) ?? slot;
      next = this.#next(slot);
      late = now - slot;
    }
    const isTooLate = late > this.#grace(slot, next);
    const lastMissed = isTooLate ? slot : slot > planned ? table.latest(slot - 1) : undefined;
    if (lastMissed !== undefined) {
      this.#listener.onMissed(this.#toWall(planned), this.#toWall(lastMissed), now - lastMissed);
    }
    const scheduledAt = this.#toWall(slot);
    const keepMs = this.#keepMs(slot, next);
    this.#plan(next);
    // A clock that was set back and then forth again may have come to a slot that was run.
    if (isTooLate || this.#ran.has(slot)) return;
    if (!table.repeats) this.#remember(slot);
    this.#listener.onSlot({ scheduledAt, lateMs: late, keepMs });
  }

  #grace(slot: number, next: number | undefined): number {
    const { graceMs, catchUpMs = 0 } = this.#options;
    if (graceMs !== undefined) return Math.max(graceMs, catchUpMs);
    const half = this.#base === "wall" ? Math.min(((next ?? Infinity) - slot) / 2, LONGEST_GRACE) : Infinity;
    return Math.max(half, catchUpMs);
  }

  /**
   * A slot can be run until the next one comes (later ones take its place), after its jitter, and after the run that it
   * waits for in a queue. The next start may look back at it until then, too.
   */
  #keepMs(slot: number, next: number | undefined): number {
    const { jitterMs = 0, overlap } = this.#options;
    const gap = next === undefined ? KEPT_AFTER_LAST : next - slot;
    return HOUR + gap + Math.min(jitterMs, gap) + (overlap === "queue" ? DAY : 0);
  }

  #remember(slot: number): void {
    this.#ran.add(slot);
    for (const oldest of this.#ran) {
      if (this.#ran.size <= REMEMBERED) break;
      this.#ran.delete(oldest);
    }
  }
}
