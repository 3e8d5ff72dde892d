/**
 * What `Scheduler.start()` returns: the running tasks, to look at, to steer and to stop.
 */
import type { Engine } from "./engine/engine.ts";
import { publish } from "./task/events.ts";
import type { RunOutcome } from "./task/run.ts";
import type { ScheduledTask } from "./task/scheduled-task.ts";
import type { TaskStatus } from "./task/task-definition.ts";

/** How `stop` ended. */
export interface StopResult {
  /** The names of the tasks that were still running when the grace ended; their signals were aborted. */
  unfinished: string[];
}

export class SchedulerHandle {
  readonly #engine: Engine;
  readonly #tasks: ReadonlyMap<string, ScheduledTask>;
  #stopping: Promise<StopResult> | undefined;

  /** Made by `Scheduler.start()`. */
  constructor(engine: Engine, tasks: ReadonlyMap<string, ScheduledTask>) {
    this.#engine = engine;
    this.#tasks = tasks;
  }

  /**
   * Starts no run any more, and waits for those that are going on. When the grace ends first, their signals are
   * aborted and they are named in the result. A second call gives the first one's promise. A task must not await it.
   *
   * @param options.graceMs how long to wait for running tasks, in milliseconds. Default: 10 000
   */
  stop({ graceMs = 10_000 }: { graceMs?: number } = {}): Promise<StopResult> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  /** Starts no scheduled run of this task until `resume`; one that is going on is left alone. */
  pause(name: string): void {
    this.#task(name).pause();
  }

  /** Goes on with the next slot; what was due in between is not run. */
  resume(name: string): void {
    this.#task(name).resume();
  }

  /**
   * Runs a task now, on this instance, besides its schedule. While it is running it is not run again
   * (unless `overlap: "allow"`): that gives `"skipped"`.
   *
   * @returns how the run ended. Never rejects for what the task throws: that goes to `onError`
   */
  trigger(name: string): Promise<RunOutcome> {
    return this.#task(name).trigger();
  }

  /** The next slots of a task, as far as they are known: one for `after`, none while it is paused. */
  nextRuns(name: string, count = 1): Date[] {
    return this.#task(name).nextRuns(count);
  }

  /** The state of every task, in the order they were registered. */
  status(): TaskStatus[] {
    return Array.from(this.#tasks.values(), (task) => task.status());
  }

  /** Stops with the default grace: `await using jobs = scheduler.start()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(graceMs: number): Promise<StopResult> {
    const tasks = [...this.#tasks.values()];
    for (const task of tasks) task.end();
    if (tasks.some((task) => task.isRunning)) {
      // Whoever awaits this wants the process to wait, even where timers do not keep it alive.
      this.#engine.ref();
      const grace = Promise.withResolvers<void>();
      const alarm = this.#engine.in(graceMs, grace.resolve);
      await Promise.race([Promise.all(tasks.flatMap((task) => [...task.runs])), grace.promise]);
      this.#engine.cancel(alarm);
    }
    const running = tasks.filter((task) => task.isRunning);
    for (const task of running) {
      task.abortRuns(new DOMException("The scheduler was stopped.", "AbortError"));
    }
    const unfinished = running.map((task) => task.name);
    publish("stopped", { unfinished });
    return { unfinished };
  }

  #task(name: string): ScheduledTask {
    const task = this.#tasks.get(name);
    if (task === undefined) {
      const known = [...this.#tasks.keys()].slice(0, 10).join(", ");
      throw new RangeError(`There is no task "${name}"; known are: ${known || "none"}.`);
    }
    return task;
  }
}
