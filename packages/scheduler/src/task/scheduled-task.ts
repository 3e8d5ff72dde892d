/**
 * One task of a started scheduler: which slot comes next, and what to do when it comes.
 */
import type { Alarm, Engine } from "../engine/engine.ts";
import { publish, type SkipReason } from "./events.ts";
import type { FailedRun, Overlap } from "./options.ts";
import { Run, type RunOutcome, type RunSettings } from "./run.ts";
import type { TaskDefinition, TaskStatus } from "./task-definition.ts";
import type { Timetable } from "./timetable.ts";

/** The longest grace that is given unasked, in milliseconds. */
const LONGEST_GRACE = 300_000;
/** How many fixed-time slots are remembered, to run none twice when the wall clock is set back. */
const REMEMBERED = 100;

export class ScheduledTask {
  readonly name: string;
  readonly #definition: TaskDefinition;
  readonly #engine: Engine;
  readonly #timetable: Timetable | undefined;
  readonly #settings: RunSettings;
  readonly #overlap: Overlap | "catch-up";
  readonly #until: number;
  /** The monotonic time before which nothing is due. */
  readonly #readyAt: number;
  readonly #runs = new Map<Run, Promise<RunOutcome>>();
  /** Slots that have been run, where the timetable must not repeat them. */
  readonly #ran = new Set<number>();
  #state: TaskStatus["state"] = "scheduled";
  /** The slot that comes next, on its timetable's clock, and the alarm set for it. */
  #slot: number | undefined;
  #alarm: Alarm | undefined;
  /** A slot, as wall time, that waits for the running one to settle. */
  #pending: number | undefined;
  #counted = 0;
  #started = 0;
  #failures = 0;
  #last: TaskStatus["last"] = null;

  constructor(definition: TaskDefinition, engine: Engine, onError: (error: unknown, run: FailedRun) => void) {
    const { kind, name, options } = definition;
    this.name = name;
    this.#definition = definition;
    this.#engine = engine;
    // Whole milliseconds, so that the grid is exact.
    this.#readyAt = Math.ceil(engine.time("monotonic")) + definition.initialDelay;
    this.#timetable = definition.timetable?.(this.#readyAt);
    this.#until = options.until === undefined ? Infinity : Number(options.until);
    this.#overlap = kind === "every" ? "catch-up" : (options.overlap ?? "skip");
    this.#settings = {
      name,
      task: definition.task,
      engine,
      timeoutMs: options.timeoutMs,
      retry: options.retry,
      graceMs: options.graceMs,
      once: options.once,
      onError,
      msToNextSlot: () => (this.#slot === undefined ? Infinity : this.#slot - engine.time(this.#base)),
    };
  }

  get isRunning(): boolean {
    return this.#runs.size > 0;
  }

  /** The runs that are going on; these promises never reject. */
  get runs(): Iterable<Promise<RunOutcome>> {
    return this.#runs.values();
  }

  start(): void {
    this.#plan(this.#timetable === undefined ? this.#readyAt : this.#nextFrom());
  }

  pause(): void {
    if (this.#state !== "scheduled") return;
    this.#unplan("paused", "paused");
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "scheduled";
    if (this.#timetable !== undefined) this.#plan(this.#nextFrom());
    else if (!this.isRunning) this.#planAfterRun();
  }

  /** Runs the task here and now, whatever its timetable says. */
  async trigger(): Promise<RunOutcome> {
    const now = this.#engine.time("wall");
    if (this.#state === "stopped") return this.#skip(now, "stopped");
    if (this.isRunning && this.#overlap !== "allow") return this.#skip(now, "overlap");
    return this.#run(new Run({ ...this.#settings, once: undefined }, now, 0), now, () => {});
  }

  /** Ends the schedule for good; runs that are going on may settle, but are not tried again. */
  end(): void {
    if (this.#state === "stopped") return;
    this.#unplan("stopped", "stopped");
    for (const run of this.#runs.keys()) run.finish();
  }

  abortRuns(reason: unknown): void {
    for (const run of this.#runs.keys()) run.abort(reason);
  }

  /** Plans anew after the wall clock was set back to `since`, or shortly before. */
  onStepBack(since: number): void {
    if (this.#state === "scheduled" && this.#base === "wall") this.#plan(this.#nextFrom(since));
  }

  /** The next slots, as far as they are known: for `after`, that is at most one. */
  nextRuns(count: number): Date[] {
    const left = Math.min(count, (this.#definition.options.maxRuns ?? Infinity) - this.#counted);
    const slots: Date[] = [];
    let slot = this.#slot;
    while (slot !== undefined && slots.length < left && this.#toWall(slot) <= this.#until) {
      slots.push(new Date(this.#toWall(slot)));
      slot = this.#next(slot);
    }
    return slots;
  }

  status(): TaskStatus {
    return {
      name: this.name,
      kind: this.#definition.kind,
      state: this.#state,
      running: this.#runs.size,
      runs: this.#started,
      failures: this.#failures,
      next: this.nextRuns(1)[0] ?? null,
      last: this.#last,
    };
  }

  get #base(): "monotonic" | "wall" {
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

  #plan(slot: number | undefined): void {
    this.#engine.cancel(this.#alarm);
    if (slot === undefined || this.#toWall(slot) > this.#until) {
      this.#unplan("done");
      return;
    }
    const due = slot + this.#jitter(slot);
    this.#slot = slot;
    this.#alarm = this.#engine.at(this.#base, due, () => this.#onDue(slot, due));
  }

  /** Takes the next slot off the plan, and the waiting one too if a reason is given. */
  #unplan(state: TaskStatus["state"], pending?: SkipReason): void {
    this.#engine.cancel(this.#alarm);
    this.#alarm = undefined;
    this.#slot = undefined;
    this.#state = state;
    if (pending === undefined || this.#pending === undefined) return;
    this.#skip(this.#pending, pending);
    this.#pending = undefined;
  }

  #planAfterRun(): void {
    this.#plan(Math.max(this.#engine.time("monotonic") + this.#definition.delay, this.#readyAt));
  }

  #jitter(slot: number): number {
    const { jitterMs } = this.#definition.options;
    if (jitterMs === undefined) return 0;
    // Less than the way to the next slot, so that no slot is passed over.
    const gap = (this.#next(slot) ?? Infinity) - slot;
    return Math.floor(Math.random() * Math.min(jitterMs + 1, gap));
  }

  #onDue(planned: number, due: number): void {
    this.#slot = undefined;
    const table = this.#timetable;
    if (table === undefined) {
      this.#offer(this.#toWall(planned), this.#engine.time("monotonic") - due);
      return;
    }
    const now = this.#engine.time(table.base);
    const untilHere = this.#until - this.#engine.time("wall") + now;
    let slot = planned;
    let next = this.#next(slot);
    let late = now - due;
    if (next !== undefined && next <= now && next <= untilHere) {
      slot = table.latest(Math.min(now, untilHere));
      next = this.#next(slot);
      late = now - slot;
    }
    const isTooLate = late > this.#grace(slot, next);
    const lastMissed = isTooLate ? slot : slot > planned ? table.latest(slot - 1) : undefined;
    if (lastMissed !== undefined) {
      const [from, to] = [new Date(this.#toWall(planned)), new Date(this.#toWall(lastMissed))];
      publish("missed", { name: this.name, from, to, lateMs: now - lastMissed });
    }
    const scheduledAt = this.#toWall(slot);
    this.#plan(next);
    // A clock that was set back and then forth again may have come to a slot that was run.
    if (isTooLate || this.#ran.has(slot)) return;
    if (!table.repeats) this.#remember(slot);
    this.#offer(scheduledAt, late);
  }

  #grace(slot: number, next: number | undefined): number {
    const { graceMs } = this.#definition.options;
    if (graceMs !== undefined) return graceMs;
    return this.#base === "wall" ? Math.min(((next ?? Infinity) - slot) / 2, LONGEST_GRACE) : Infinity;
  }

  #remember(slot: number): void {
    this.#ran.add(slot);
    for (const oldest of this.#ran) {
      if (this.#ran.size <= REMEMBERED) break;
      this.#ran.delete(oldest);
    }
  }

  /** Runs a slot, or does with it what the overlap mode says while another run goes on. */
  #offer(scheduledAt: number, lateMs: number): void {
    if (!this.isRunning || this.#overlap === "allow") {
      this.#runSlot(scheduledAt, lateMs);
      return;
    }
    const isFull = this.#pending !== undefined;
    if (this.#overlap === "skip" || (this.#overlap === "queue" && isFull)) {
      this.#skip(scheduledAt, "overlap");
      return;
    }
    if (this.#overlap === "cancel") {
      if (this.#pending !== undefined) this.#skip(this.#pending, "overlap");
      this.abortRuns(new DOMException(`The next run of "${this.name}" is due.`, "AbortError"));
    }
    this.#pending = scheduledAt;
  }

  #runSlot(scheduledAt: number, lateMs: number): void {
    const { maxRuns = Infinity } = this.#definition.options;
    if (this.#counted >= maxRuns) return;
    void this.#run(new Run(this.#settings, scheduledAt, lateMs), scheduledAt, () => {
      this.#counted += 1;
      if (this.#counted < maxRuns) return;
      this.#pending = undefined;
      if (this.#state !== "stopped") this.#unplan("done");
    });
  }

  #run(run: Run, scheduledAt: number, onCounted: () => void): Promise<RunOutcome> {
    // In the map before it starts, since the task may look at the status or stop the scheduler.
    const settled = Promise.withResolvers<RunOutcome>();
    this.#runs.set(run, settled.promise);
    const onStart = () => {
      this.#started += 1;
      onCounted();
    };
    void run.execute(onStart).then((outcome) => {
      this.#runs.delete(run);
      if (outcome !== "skipped") this.#last = { scheduledAt: new Date(scheduledAt), outcome };
      if (outcome === "error") this.#failures += 1;
      this.#onSettled();
      settled.resolve(outcome);
    });
    return settled.promise;
  }

  #onSettled(): void {
    if (this.isRunning || this.#state === "stopped" || this.#state === "paused") return;
    if (this.#timetable === undefined) {
      if (this.#state === "scheduled") this.#planAfterRun();
      return;
    }
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    // In a turn of its own, so that runs that follow each other at once cannot hold the event loop.
    this.#engine.in(0, () => {
      if (this.#state === "stopped" || this.#state === "paused") this.#skip(pending, this.#state);
      else this.#offer(pending, this.#engine.time("wall") - pending);
    });
  }

  #skip(scheduledAt: number, reason: SkipReason): "skipped" {
    publish("skipped", { name: this.name, scheduledAt: new Date(scheduledAt), reason });
    return "skipped";
  }
}
