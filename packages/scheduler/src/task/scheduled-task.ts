/**
 * One task of a started scheduler: what to do with a slot when it comes, given the runs that are going on.
 */
import type { CronScheduleOptions } from "../cron/cron-schedule.ts";
import type { Engine } from "../engine/engine.ts";
import { isExclusive } from "./check-options.ts";
import type { Duration } from "../values/duration.ts";
import { publish, type SkipReason } from "./events.ts";
import type { Overlap } from "./options.ts";
import { type DueSlot, Planner } from "./planner.ts";
import type { Report } from "./report.ts";
import { Run, type RunSettings } from "./run.ts";
import type { RunOutcome, TaskStatus } from "./status.ts";
import type { TaskDefinition } from "./task-definition.ts";
import { retime } from "./timing.ts";

/** How long a trigger of an exclusive task is remembered, in milliseconds. */
const TRIGGER_KEPT = 7_200_000;

export class ScheduledTask {
  readonly name: string;
  readonly #definition: TaskDefinition;
  readonly #engine: Engine;
  readonly #planner: Planner;
  readonly #settings: RunSettings;
  readonly #overlap: Overlap | "catch-up";
  readonly #maxRuns: number;
  readonly #runs = new Map<Run, Promise<RunOutcome>>();
  #state: TaskStatus["state"] = "scheduled";
  /** A slot that waits for the running one to settle. */
  #pending: DueSlot | undefined;
  /** Runs that count for `maxRuns`. */
  #counted = 0;
  readonly #counts = { runs: 0, failures: 0, missed: 0, skipped: 0, abandoned: 0 };
  #last: TaskStatus["last"] = null;

  constructor(definition: TaskDefinition, engine: Engine, report: Report) {
    const { kind, name, options, task, timing, initialDelay } = definition;
    this.name = name;
    this.#definition = definition;
    this.#engine = engine;
    this.#maxRuns = options.maxRuns ?? Infinity;
    this.#overlap = kind === "every" ? "catch-up" : (options.overlap ?? "skip");
    this.#planner = new Planner(timing, options, initialDelay, engine, {
      onSlot: (slot) => this.#offer(slot),
      onMissed: (from, to, lateMs) => {
        this.#counts.missed += 1;
        publish("missed", { name, from: new Date(from), to: new Date(to), lateMs });
      },
      onDone: () => (this.#state = "done"),
    });
    this.#settings = {
      name,
      task,
      engine,
      timeoutMs: options.timeoutMs,
      retry: options.retry,
      once: options.once,
      isExclusive: isExclusive(options),
      waitsForLease: this.#overlap === "catch-up" || this.#overlap === "queue",
      catchUpMs: options.catchUpMs ?? 0,
      report,
      msToNextSlot: () => this.#planner.msToNextSlot(),
      onSkipped: (scheduledAt, reason, error) => this.#skip(scheduledAt, reason, error),
      onAbandoned: () => (this.#counts.abandoned += 1),
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
    this.#planner.start();
  }

  pause(): void {
    if (this.#state !== "scheduled") return;
    this.#leaveOut("paused");
    for (const run of this.#runs.keys()) run.withdraw("paused");
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "scheduled";
    if (!this.#planner.followsRuns || !this.isRunning) this.#planner.resume();
  }

  /** @throws {SyntaxError | TypeError | RangeError} when the times are wrong */
  reschedule(when: Duration | Date, options: CronScheduleOptions): void {
    this.#planner.reschedule(retime(this.#definition, when, options));
    if (this.#state === "done" && this.#counted < this.#maxRuns) this.#state = "scheduled";
    if (this.#state === "scheduled" && (!this.#planner.followsRuns || !this.isRunning))
      this.#planner.resume();
  }

  /** Runs the task here and now, whatever its timetable says. */
  async trigger(): Promise<RunOutcome> {
    const slot = { scheduledAt: this.#engine.time("wall"), lateMs: 0, keepMs: TRIGGER_KEPT };
    if (this.#state === "stopped") return this.#skip(slot.scheduledAt, "stopped");
    if (this.isRunning && this.#overlap !== "allow") return this.#skip(slot.scheduledAt, "overlap");
    const once = this.#settings.isExclusive ? this.#settings.once : undefined;
    return this.#run(new Run({ ...this.#settings, once, waitsForLease: false }, slot), () => {});
  }

  /** Ends the schedule for good; runs that are going on may settle, but are not tried again. */
  end(): void {
    if (this.#state === "stopped") return;
    this.#leaveOut("stopped");
    for (const run of this.#runs.keys()) run.finish("stopped");
  }

  /** Aborts the signals of the runs that are going on, and waits for them no longer. */
  abandonRuns(reason: unknown): void {
    for (const run of this.#runs.keys()) run.abandon(reason);
  }

  onStepBack(since: number): void {
    this.#planner.onStepBack(since);
  }

  nextRuns(count: number): Date[] {
    const left = Math.min(count, this.#maxRuns - this.#counted);
    return this.#planner.nextSlots(left).map((slot) => new Date(slot));
  }

  status(): TaskStatus {
    return {
      name: this.name,
      kind: this.#definition.kind,
      schedule: this.#planner.schedule,
      state: this.#state,
      running: this.#runs.size,
      ...this.#counts,
      next: this.nextRuns(1)[0] ?? null,
      last: this.#last,
    };
  }

  /** Takes the next slot off the plan, and the waiting one too. */
  #leaveOut(state: "paused" | "stopped"): void {
    this.#planner.unplan();
    this.#state = state;
    if (this.#pending !== undefined) this.#skip(this.#pending.scheduledAt, state);
    this.#pending = undefined;
  }

  /** Runs a slot, or does with it what the overlap mode says while another run goes on. */
  #offer(slot: DueSlot): void {
    if (this.#state === "stopped" || this.#state === "paused") {
      this.#skip(slot.scheduledAt, this.#state);
      return;
    }
    if (!this.isRunning || this.#overlap === "allow") {
      this.#runSlot(slot);
      return;
    }
    const replaced = this.#pending;
    // A run whose time is over is in nobody's way for longer than a moment.
    const isEnding = [...this.#runs.keys()].every((run) => run.isTimedOut);
    if (!isEnding && (this.#overlap === "skip" || (this.#overlap === "queue" && replaced !== undefined))) {
      this.#skip(slot.scheduledAt, "overlap");
      return;
    }
    this.#pending = slot;
    // Intervals of one process catch up with one run, whatever passed; only a slot of the fleet is lost with that.
    const isLoss = this.#overlap !== "catch-up" || this.#settings.once !== undefined;
    if (replaced !== undefined && isLoss) this.#skip(replaced.scheduledAt, "overlap");
    if (this.#overlap !== "cancel") return;
    for (const run of this.#runs.keys()) {
      run.abort(new DOMException(`The next run of "${this.name}" is due.`, "AbortError"));
    }
  }

  #runSlot(slot: DueSlot): void {
    if (this.#counted >= this.#maxRuns) return;
    void this.#run(new Run(this.#settings, slot), () => {
      this.#counted += 1;
      if (this.#counted < this.#maxRuns) return;
      this.#pending = undefined;
      if (this.#state === "stopped") return;
      this.#planner.unplan();
      this.#state = "done";
    });
  }

  #run(run: Run, onCounted: () => void): Promise<RunOutcome> {
    // In the map before it starts, since the task may look at the status or stop the scheduler.
    const settled = Promise.withResolvers<RunOutcome>();
    this.#runs.set(run, settled.promise);
    const onStart = () => {
      this.#counts.runs += 1;
      onCounted();
    };
    void run.execute(onStart).then((outcome) => {
      this.#runs.delete(run);
      if (run.startedAt !== undefined) {
        this.#last = {
          scheduledAt: new Date(run.slot.scheduledAt),
          startedAt: new Date(run.startedAt),
          durationMs: run.durationMs,
          outcome,
          error: outcome === "success" ? undefined : run.error,
        };
      }
      if (outcome === "error") this.#counts.failures += 1;
      this.#onSettled();
      settled.resolve(outcome);
    });
    return settled.promise;
  }

  #onSettled(): void {
    if (this.isRunning || this.#state === "stopped" || this.#state === "paused") return;
    if (this.#planner.followsRuns) {
      if (this.#state === "scheduled") this.#planner.planAfterRun();
      return;
    }
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    // In a turn of its own, so that runs that follow each other at once cannot hold the event loop.
    this.#engine.in(0, () => {
      this.#offer({ ...pending, lateMs: this.#engine.time("wall") - pending.scheduledAt });
    });
  }

  #skip(scheduledAt: number, reason: SkipReason, error?: unknown): "skipped" {
    if (reason !== "claimed") this.#counts.skipped += 1;
    publish("skipped", {
      name: this.name,
      scheduledAt: new Date(scheduledAt),
      reason,
      ...(error !== undefined && { error }),
    });
    return "skipped";
  }
}
