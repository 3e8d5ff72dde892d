/**
 * What `Scheduler.start()` returns: the running tasks, to look at, to steer, to change and to stop.
 */
import type { CronScheduleOptions } from "./cron/cron-schedule.ts";
import type { Clock } from "./engine/clock.ts";
import { Engine } from "./engine/engine.ts";
import { publish } from "./task/events.ts";
import type { Report } from "./task/report.ts";
import { ScheduledTask } from "./task/scheduled-task.ts";
import type { RunOutcome, TaskStatus } from "./task/status.ts";
import type { TaskDefinition } from "./task/task-definition.ts";
import { closeList, TaskList } from "./task/task-list.ts";
import { checkOptions, milliseconds, show, typeOf, wholeNumber } from "./values/check.ts";
import type { Duration } from "./values/duration.ts";

/** How `stop` ended. */
export interface StopResult {
  /** The names of the tasks that were still running when the grace ended; their signals were aborted. */
  unfinished: string[];
}

export class SchedulerHandle {
  readonly #engine: Engine;
  readonly #report: Report;
  readonly #tasks = new Map<string, ScheduledTask>();
  /** Removed ones whose runs go on. */
  readonly #leaving = new Set<ScheduledTask>();
  #stopping: Promise<StopResult> | undefined;

  /** Made by `Scheduler.start()`. */
  constructor(clock: Clock, unref: boolean, report: Report, definitions: readonly TaskDefinition[]) {
    this.#report = report;
    this.#engine = new Engine(clock, unref, (since) => {
      for (const task of this.#tasks.values()) task.onStepBack(since);
    });
    this.#start(definitions);
  }

  /**
   * Starts no more runs, and waits for those that are going on. When the grace ends first, their signals abort and the
   * result names them. A second call gives the same promise. A task must not await it.
   *
   * @param options.graceMs how long to wait for running tasks, in milliseconds; may be `Infinity`. Default: 10 000
   * @throws {TypeError | RangeError} when `graceMs` is no such number
   */
  stop(options: { graceMs?: number } = {}): Promise<StopResult> {
    checkOptions("stop()", options, { graceMs: milliseconds(0, { orInfinity: true }) });
    this.#stopping ??= this.#stop(options.graceMs ?? 10_000);
    return this.#stopping;
  }

  /**
   * Adds tasks, and starts them: all of them, or none when one is wrong.
   *
   * ```ts
   * jobs.add((tasks) => tasks.cron("0 0 9 * * *", greet, { name: "greet" }));
   * ```
   *
   * @returns their names
   * @throws {TypeError} when `define` gives a promise: tasks that it names later would never start
   * @throws {Error} when the scheduler was stopped, and whatever naming them throws
   */
  add(define: (tasks: TaskList) => unknown): string[] {
    this.#assertNotStopped();
    typeOf("function")(define, "What add() takes");
    const list = new TaskList((name) => this.#tasks.has(name));
    const answer = define(list);
    const definitions = closeList(list);
    if (answer instanceof Promise) {
      answer.catch(() => {});
      throw new TypeError("What add() takes must name its tasks at once; it gave a promise.");
    }
    this.#start(definitions);
    return definitions.map(({ name }) => name);
  }

  /**
   * Removes a task. A run that is going on may settle, and `stop` waits for it. The name is free at once.
   *
   * @throws {RangeError} when there is no such task
   */
  remove(name: string): void {
    const task = this.#task(name);
    this.#tasks.delete(name);
    task.end();
    if (!task.isRunning) return;
    this.#leaving.add(task);
    void Promise.all(task.runs).then(() => this.#leaving.delete(task));
  }

  /**
   * Changes a task's times, from now on. Nothing is replayed; counts and other options stay; a run that is going on is not
   * touched.
   *
   * @param when an interval or delay for `every` and `after`, an expression for `cron`, a date for `at`
   * @param options for `cron`: `timezone` and `dayMatch`. Default: as they were
   * @throws {SyntaxError | TypeError | RangeError} when the times are wrong, or there is no such task
   * @throws {Error} when the scheduler was stopped
   */
  reschedule(name: string, when: Duration | Date, options: CronScheduleOptions = {}): void {
    this.#assertNotStopped();
    this.#task(name).reschedule(when, options);
  }

  /** Starts no scheduled run of this task until `resume`. A run that is going on is not touched. */
  pause(name: string): void {
    this.#task(name).pause();
  }

  /** Goes on with the next slot. Slots in between do not run. */
  resume(name: string): void {
    this.#task(name).resume();
  }

  /**
   * Runs a task now, on this instance, outside of its schedule. While the task is running, this gives `"skipped"`
   * (unless `overlap: "allow"`).
   *
   * @returns how the run ended. Never rejects for what the task throws: that goes to `onError`
   */
  trigger(name: string): Promise<RunOutcome> {
    return this.#task(name).trigger();
  }

  /**
   * The next slots of a task, as far as they are known: one for `after`, none while it is paused.
   *
   * @param count how many at most. Default: 1
   */
  nextRuns(name: string, count = 1): Date[] {
    wholeNumber(0)(count, "The count of nextRuns()");
    return this.#task(name).nextRuns(count);
  }

  /** The state of every task, in the order they were named. */
  status(): TaskStatus[] {
    return Array.from(this.#tasks.values(), (task) => task.status());
  }

  /** Stops with the default grace: `await using jobs = scheduler.start()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #start(definitions: readonly TaskDefinition[]): void {
    const tasks = definitions.map((definition) => new ScheduledTask(definition, this.#engine, this.#report));
    for (const task of tasks) this.#tasks.set(task.name, task);
    for (const task of tasks) task.start();
  }

  async #stop(graceMs: number): Promise<StopResult> {
    const tasks = [...this.#tasks.values(), ...this.#leaving];
    for (const task of tasks) task.end();
    if (tasks.some((task) => task.isRunning)) {
      // The caller awaits this: the process must wait, even where timers do not keep it alive.
      this.#engine.ref();
      const grace = Promise.withResolvers<void>();
      const alarm = this.#engine.in(graceMs, grace.resolve);
      await Promise.race([Promise.all(tasks.flatMap((task) => [...task.runs])), grace.promise]);
      this.#engine.cancel(alarm);
    }
    const running = tasks.filter((task) => task.isRunning);
    for (const task of running) {
      task.abandonRuns(new DOMException("The scheduler was stopped.", "AbortError"));
    }
    const unfinished = running.map((task) => task.name);
    publish("stopped", { unfinished });
    return { unfinished };
  }

  #assertNotStopped(): void {
    if (this.#stopping !== undefined) {
      throw new Error("The scheduler was stopped; its tasks cannot be changed any more.");
    }
  }

  #task(name: string): ScheduledTask {
    const task = this.#tasks.get(name);
    if (task === undefined) {
      const known = [...this.#tasks.keys()].slice(0, 10).join(", ");
      throw new RangeError(`There is no task ${show(name)}; known are: ${known || "none"}.`);
    }
    return task;
  }
}
