/**
 * One slot of one task, from the claim to the last attempt. It never rejects: what a task throws is reported.
 */
import type { Alarm, Engine } from "../engine/engine.ts";
import { publish, type SkipReason } from "./events.ts";
import type { Once } from "../once/once.ts";
import type { FailedRun, Task, TaskRun } from "./options.ts";

/** How a run ended. */
export type RunOutcome = "success" | "error" | "cancelled" | "skipped";

/** How long the database may take to answer a claim, in milliseconds. */
const CLAIM_TIMEOUT = 5000;
/** How long a claim is remembered at least, in milliseconds; no clock in the fleet may be further off. */
const CLAIM_KEPT = 3_600_000;

/** What the runs of one task have in common. */
export interface RunSettings {
  readonly name: string;
  readonly task: Task;
  readonly engine: Engine;
  readonly timeoutMs: number | undefined;
  readonly retry: { attempts: number; backoffMs: number } | undefined;
  readonly graceMs: number | undefined;
  readonly once: Once | undefined;
  readonly onError: (error: unknown, run: FailedRun) => void;
  /** How long until the task is due next, in milliseconds. */
  msToNextSlot(): number;
}

/** A task that ran longer than its `timeoutMs`. */
export class TaskTimeoutError extends Error {
  override readonly name = "TaskTimeoutError";
}

export class Run {
  readonly #settings: RunSettings;
  readonly #scheduledAt: number;
  readonly #lateMs: number;
  #controller = new AbortController();
  #timeout: Alarm | undefined;
  #wakeUp = (): void => {};
  /** Why no further attempt may start. */
  #ending: SkipReason | undefined;

  /** @param scheduledAt the slot, as wall time */
  constructor(settings: RunSettings, scheduledAt: number, lateMs: number) {
    this.#settings = settings;
    this.#scheduledAt = scheduledAt;
    this.#lateMs = lateMs;
  }

  /** @param onStart called once it is certain that the task runs here */
  async execute(onStart: () => void): Promise<RunOutcome> {
    const { once, retry } = this.#settings;
    if (once !== undefined && !(await this.#claim(once))) return "skipped";
    // A claimed slot is lost to all others, so it is run even when a stop has begun.
    if (this.#controller.signal.aborted) return this.#skip("cancelled");
    onStart();
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(attempt);
      if (outcome !== "retry") return outcome;
      if (this.#ending === undefined && !this.#mayRetry(attempt)) this.#ending = "late-retry";
      if (this.#ending === undefined) await this.#pause(backoff(retry, attempt));
      if (this.#ending !== undefined) {
        this.#skip(this.#ending);
        return "error";
      }
    }
  }

  /** Lets the attempt that is running settle, and starts no other. */
  finish(): void {
    this.#ending ??= "stopped";
    this.#wakeUp();
  }

  /** Aborts the signal, and starts no other attempt. */
  abort(reason: unknown): void {
    this.#ending ??= "cancelled";
    this.#wakeUp();
    this.#settings.engine.cancel(this.#timeout);
    this.#controller.abort(reason);
  }

  async #claim(once: Once): Promise<boolean> {
    const { engine, name, graceMs = 0 } = this.#settings;
    let timeout: Alarm | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const error = new Error(`No answer to the claim of a run of "${name}" in ${CLAIM_TIMEOUT} ms.`);
      timeout = engine.in(CLAIM_TIMEOUT, () => reject(error));
    });
    try {
      const keepMs = Math.max(CLAIM_KEPT, 2 * graceMs);
      const slot = { name, scheduledAt: new Date(this.#scheduledAt), keepMs };
      const claimed = await Promise.race([once.claim(slot), tooLate]);
      if (!claimed) this.#skip("claimed");
      return claimed;
    } catch (error) {
      this.#skip("unavailable", error);
      return false;
    } finally {
      engine.cancel(timeout);
    }
  }

  async #attempt(attempt: number): Promise<RunOutcome | "retry"> {
    const { engine, name, task, timeoutMs } = this.#settings;
    const scheduledAt = new Date(this.#scheduledAt);
    const started = engine.time("monotonic");
    const durationMs = () => engine.time("monotonic") - started;
    if (attempt > 1) this.#controller = new AbortController();
    const { signal } = this.#controller;

    let failure: "error" | "retry" | undefined;
    const fail = (error: unknown): "error" | "retry" => {
      const willRetry = this.#mayRetry(attempt);
      publish("error", { name, scheduledAt, attempt, durationMs: durationMs(), error, willRetry });
      this.#report(error, { name, scheduledAt, attempt, willRetry });
      return willRetry ? "retry" : "error";
    };

    if (timeoutMs !== undefined) {
      this.#timeout = engine.in(timeoutMs, () => {
        const error = new TaskTimeoutError(`Task "${name}" was still running after ${timeoutMs} ms.`);
        failure = fail(error);
        this.#controller.abort(error);
      });
    }
    publish("run", { name, scheduledAt, attempt, lateMs: this.#lateMs });
    try {
      const run: TaskRun = { name, signal, scheduledAt, attempt };
      await task(run);
    } catch (error) {
      if (failure === undefined && this.#isAbort(error, signal)) {
        this.#skip("cancelled");
        return "cancelled";
      }
      failure ??= fail(error);
    } finally {
      engine.cancel(this.#timeout);
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

  /** Whether the task only says that it obeyed its signal. */
  #isAbort(error: unknown, signal: AbortSignal): boolean {
    return signal.aborted && (error === signal.reason || (error as Error | null)?.name === "AbortError");
  }

  #skip(reason: SkipReason, error?: unknown): "skipped" {
    const { name } = this.#settings;
    const scheduledAt = new Date(this.#scheduledAt);
    publish("skipped", { name, scheduledAt, reason, ...(error !== undefined && { error }) });
    return "skipped";
  }

  #report(error: unknown, run: FailedRun): void {
    try {
      this.#settings.onError(error, run);
    } catch (secondError) {
      console.error(
        `The scheduler's onError threw while it was told of task "${run.name}":`,
        secondError,
        error,
      );
    }
  }
}

function backoff(retry: RunSettings["retry"], attempt: number): number {
  return (retry?.backoffMs ?? 0) * 2 ** (attempt - 1);
}
