/**
 * One slot of one task, from the claim to the last attempt. It never rejects: what a task throws is reported.
 */
import type { Alarm, Engine } from "../engine/engine.ts";
import type { Once } from "../once/once.ts";
import { claimSlot, type ClaimSettings } from "./claim.ts";
import { publish, type SkipReason } from "./events.ts";
import { LeaseKeeper, LeaseLostError } from "./lease-keeper.ts";
import type { Task, TaskRun } from "./options.ts";
import type { DueSlot } from "./planner.ts";
import type { Report } from "./report.ts";
import type { RunOutcome } from "./status.ts";

/** How long a task may take to settle after its timeout has aborted its signal, in milliseconds. */
const SETTLE_TIME = 100;

/** What the runs of one task have in common. */
export interface RunSettings {
  readonly name: string;
  readonly task: Task;
  readonly engine: Engine;
  readonly timeoutMs: number | undefined;
  readonly retry: { readonly attempts: number; readonly backoffMs: number } | undefined;
  readonly once: Once | undefined;
  readonly isExclusive: boolean;
  readonly waitsForLease: boolean;
  readonly catchUpMs: number;
  readonly report: Report;
  /** How long until the task is due next, in milliseconds. */
  msToNextSlot(): number;
  onSkipped(scheduledAt: number, reason: SkipReason, error?: unknown): void;
  onAbandoned(): void;
}

/** A task that ran longer than its `timeoutMs`. */
export class TaskTimeoutError extends Error {
  override readonly name = "TaskTimeoutError";
}

export class Run {
  readonly slot: DueSlot;
  readonly #settings: RunSettings;
  #controller = new AbortController();
  #timeout: Alarm | undefined;
  #lease: LeaseKeeper | undefined;
  #wakeUp = (): void => {};
  /** Why no further attempt may start. */
  #ending: SkipReason | undefined;
  #isTimedOut = false;
  /** Ends the attempt that is running as failed. */
  #fail: ((error: unknown) => void) | undefined;
  /** The wall time at which the first attempt started. */
  startedAt: number | undefined;
  /** From the first attempt to the end of the last, in milliseconds. */
  durationMs = 0;
  /** What the last attempt failed with. */
  error: unknown;

  constructor(settings: RunSettings, slot: DueSlot) {
    this.#settings = settings;
    this.slot = slot;
  }

  /** Whether its time is over, and it is given a moment to settle. */
  get isTimedOut(): boolean {
    return this.#isTimedOut;
  }

  /** @param onStart called once it is certain that the task runs here */
  async execute(onStart: () => void): Promise<RunOutcome> {
    try {
      return await this.#execute(onStart);
    } catch (error) {
      this.error = error;
      const { name, report } = this.#settings;
      report(error, { name, scheduledAt: new Date(this.slot.scheduledAt), attempt: 1, willRetry: false });
      return "error";
    } finally {
      await this.#lease?.release();
    }
  }

  /** Lets the attempt that is running settle, and starts no other. */
  finish(reason: SkipReason): void {
    this.#ending ??= reason;
    this.#wakeUp();
  }

  /** Stops waiting for the database; once it runs, the run is left alone. */
  withdraw(reason: SkipReason): void {
    if (this.startedAt === undefined) this.finish(reason);
  }

  /** Aborts the signal, and starts no other attempt. Its timeout goes on: it may not heed the signal. */
  abort(reason: unknown): void {
    this.finish("cancelled");
    this.#controller.abort(reason);
  }

  /** Aborts the signal, and sets no alarm any more. */
  abandon(reason: unknown): void {
    this.#settings.engine.cancel(this.#timeout);
    this.abort(reason);
  }

  async #execute(onStart: () => void): Promise<RunOutcome> {
    const { once, retry, engine } = this.#settings;
    if (once !== undefined && !(await this.#claim(once))) return "skipped";
    // A claimed slot is lost to all others, so it is run even when a stop has begun.
    if (this.#controller.signal.aborted) return this.#skip("cancelled");
    this.startedAt = engine.time("wall");
    const started = engine.time("monotonic");
    onStart();
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(attempt);
      this.durationMs = engine.time("monotonic") - started;
      if (outcome !== "retry") return outcome;
      if (this.#ending === undefined && !this.#mayRetry(attempt)) this.#ending = "late-retry";
      if (this.#ending === undefined) await this.#pause(backoff(retry, attempt));
      if (this.#ending !== undefined) {
        this.#skip(this.#ending);
        return "error";
      }
    }
  }

  async #claim(once: Once): Promise<boolean> {
    const claimSettings: ClaimSettings = {
      ...this.#settings,
      once,
      pause: (milliseconds) => this.#pause(milliseconds),
      ending: () => this.#ending,
    };
    const claimed = await claimSlot(this.slot, claimSettings);
    if ("reason" in claimed) {
      this.#skip(claimed.reason, claimed.error);
      return false;
    }
    if (claimed.lease !== undefined) {
      this.#lease = new LeaseKeeper(claimed.lease, this.#settings.engine, claimed.askedAt, () =>
        this.#onLeaseLost(),
      );
    }
    return true;
  }

  #onLeaseLost(): void {
    this.#ending ??= "cancelled";
    const error = new LeaseLostError(
      `The lease of task "${this.#settings.name}" ran out while it was running.`,
    );
    this.#fail?.(error);
    this.#controller.abort(error);
    this.#wakeUp();
  }

  async #attempt(attempt: number): Promise<RunOutcome | "retry"> {
    const { engine, name, task, timeoutMs, report } = this.#settings;
    const scheduledAt = new Date(this.slot.scheduledAt);
    const started = engine.time("monotonic");
    const durationMs = () => engine.time("monotonic") - started;
    if (attempt > 1) this.#controller = new AbortController();
    const controller = this.#controller;
    this.#isTimedOut = false;

    let failure: "error" | "retry" | undefined;
    const fail = (error: unknown): void => {
      if (failure !== undefined) return;
      this.error = error;
      const willRetry = this.#mayRetry(attempt);
      failure = willRetry ? "retry" : "error";
      publish("error", { name, scheduledAt, attempt, durationMs: durationMs(), error, willRetry });
      report(error, { name, scheduledAt, attempt, willRetry });
    };
    this.#fail = fail;

    const abandoned = Promise.withResolvers<"abandoned">();
    if (timeoutMs !== undefined) {
      this.#timeout = engine.in(timeoutMs, () => {
        this.#isTimedOut = true;
        const error = new TaskTimeoutError(`Task "${name}" was still running after ${timeoutMs} ms.`);
        fail(error);
        this.#timeout = engine.in(SETTLE_TIME, () => abandoned.resolve("abandoned"));
        controller.abort(error);
      });
    }
    publish("run", { name, scheduledAt, attempt, lateMs: this.slot.lateMs });
    const run: TaskRun = {
      name,
      signal: controller.signal,
      scheduledAt,
      attempt,
      fencingToken: this.#lease?.fencingToken,
    };
    const result = await Promise.race([settle(task, run), abandoned.promise]);
    engine.cancel(this.#timeout);
    this.#fail = undefined;
    if (result === "abandoned") {
      publish("abandoned", { name, scheduledAt, attempt, durationMs: durationMs() });
      this.#settings.onAbandoned();
    } else if (result.hasFailed && failure === undefined) {
      if (isAbort(result.error, controller.signal)) {
        this.#skip("cancelled");
        return "cancelled";
      }
      fail(result.error);
    }
    if (failure !== undefined) return failure;
    publish("success", { name, scheduledAt, attempt, durationMs: durationMs() });
    return "success";
  }

  #mayRetry(attempt: number): boolean {
    const { retry, msToNextSlot } = this.#settings;
    if (this.#ending !== undefined || retry === undefined || attempt >= retry.attempts) return false;
    return backoff(retry, attempt) < msToNextSlot();
  }

  #pause(milliseconds: number): Promise<void> {
    const { engine } = this.#settings;
    return new Promise((resolve) => {
      const alarm = engine.in(milliseconds, resolve);
      this.#wakeUp = () => {
        engine.cancel(alarm);
        resolve();
      };
    });
  }

  #skip(reason: SkipReason, error?: unknown): "skipped" {
    this.#settings.onSkipped(this.slot.scheduledAt, reason, error);
    return "skipped";
  }
}

/** Runs the task; whatever it throws, this does not. */
async function settle(task: Task, run: TaskRun): Promise<{ hasFailed: boolean; error?: unknown }> {
  try {
    await task(run);
    return { hasFailed: false };
  } catch (error) {
    return { hasFailed: true, error };
  }
}

/** Whether the task only says that it obeyed its signal. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  try {
    return error === signal.reason || (error instanceof Error && error.name === "AbortError");
  } catch {
    return false;
  }
}

function backoff(retry: RunSettings["retry"], attempt: number): number {
  return (retry?.backoffMs ?? 0) * 2 ** (attempt - 1);
}
