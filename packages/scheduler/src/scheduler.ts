/**
 * The list of tasks, as it is written down before anything runs. All that can be wrong with a task is found here.
 */
import { systemClock } from "./engine/clock.ts";
import { CronSchedule } from "./cron/cron-schedule.ts";
import { type Duration, toMilliseconds } from "./values/duration.ts";
import { Engine } from "./engine/engine.ts";
import { SchedulerHandle } from "./handle.ts";
import type { CronOptions, EveryOptions, FailedRun, SchedulerOptions, Task, TaskOptions } from "./task/options.ts";
import { ScheduledTask } from "./task/scheduled-task.ts";
import type { TaskDefinition, TaskKind } from "./task/task-definition.ts";
import { cronTimetable, grid } from "./task/timetable.ts";

/**
 * Runs tasks in this process at fixed intervals, after fixed pauses, and at the times of cron expressions.
 *
 * ```ts
 * const jobs = new Scheduler()
 *   .every({ hours: 1 }, () => store.purgeExpired(), { name: "purge" })
 *   .cron("0 30 2 * * *", backup, { timezone: "Europe/Berlin" })
 *   .start();
 * // later
 * await jobs.stop();
 * ```
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #definitions = new Map<string, TaskDefinition>();
  #last: TaskDefinition | undefined;
  #isStarted = false;

  constructor(options: SchedulerOptions = {}) {
    this.#options = options;
  }

  /**
   * Runs a task at the start, and then at every multiple of the interval from there on. It never overlaps itself: a
   * run that took longer than the interval is followed by one run at once, then by the next multiple.
   *
   * @param interval milliseconds, or units as `{ hours: 1 }`; at least 1 ms
   * @throws {RangeError} when an argument or option is out of its range, or the name is taken
   */
  every(interval: Duration, task: Task, options: EveryOptions = {}): this {
    const ms = toMilliseconds(interval, "The interval of every()", 1);
    const isShared = options.once !== undefined;
    return this.#add("every", task, options, {
      timetable: (firstRun) => (isShared ? grid("wall", 0, ms) : grid("monotonic", firstRun, ms)),
    });
  }

  /**
   * Runs a task at the start, and then each time the delay has passed since the run before settled, however it did.
   *
   * @param delay milliseconds, or units as `{ seconds: 30 }`; at least 1 ms
   * @throws {RangeError} when an argument or option is out of its range, or the name is taken
   */
  after(delay: Duration, task: Task, options: TaskOptions = {}): this {
    if ("once" in options && options.once !== undefined) {
      throw new TypeError(
        "after() cannot take `once`: its times are different on every instance. Use every().",
      );
    }
    return this.#add("after", task, options, { delay: toMilliseconds(delay, "The delay of after()", 1) });
  }

  /**
   * Runs a task at the times of a cron expression; see {@link CronSchedule.parse} for what it can say.
   *
   * @throws {SyntaxError} when the expression cannot be parsed
   * @throws {RangeError} when it never comes, is ambiguous, the zone is unknown, an option is out of its range, or
   *   the name is taken
   */
  cron(expression: string, task: Task, options: CronOptions = {}): this {
    const schedule = CronSchedule.parse(expression, options);
    return this.#add("cron", task, options, { timetable: () => cronTimetable(schedule) });
  }

  /**
   * Lets nothing of the task named last happen for a time after the start.
   *
   * @param delay milliseconds, or units as `{ minutes: 5 }`
   * @throws {Error} when there is no task yet
   */
  initialDelay(delay: Duration): this {
    if (this.#last === undefined) {
      throw new Error("initialDelay() belongs to the task before it, and there is none yet.");
    }
    this.#last.initialDelay = toMilliseconds(delay, "initialDelay()");
    return this;
  }

  /**
   * Starts all tasks.
   *
   * @throws {Error} when they were started before: running a list twice is an accident
   */
  start(): SchedulerHandle {
    if (this.#isStarted) throw new Error("This scheduler was started before; make another one.");
    this.#isStarted = true;
    const { clock = systemClock, unref = false, onError = logError } = this.#options;
    const tasks = new Map<string, ScheduledTask>();
    const engine = new Engine(clock, unref, (since) => {
      for (const task of tasks.values()) task.onStepBack(since);
    });
    for (const definition of this.#definitions.values()) {
      tasks.set(definition.name, new ScheduledTask(definition, engine, onError));
    }
    for (const task of tasks.values()) task.start();
    return new SchedulerHandle(engine, tasks);
  }

  #add(
    kind: TaskKind,
    task: Task,
    options: CronOptions,
    timing: { timetable?: TaskDefinition["timetable"]; delay?: number },
  ): this {
    if (this.#isStarted) throw new Error("This scheduler has started; name its tasks before start().");
    if (typeof task !== "function") throw new TypeError(`The task of ${kind}() must be a function.`);
    if (options.once !== undefined && options.name === undefined) {
      throw new TypeError("A task with `once` needs a name, the same on every instance.");
    }
    const name = options.name ?? `${kind}-${this.#definitions.size + 1}`;
    if (this.#definitions.has(name)) throw new RangeError(`There is a task "${name}" already.`);
    checkOptions(name, options);
    const { timetable, delay = 0 } = timing;
    this.#last = { name, kind, task, options, initialDelay: 0, timetable, delay };
    this.#definitions.set(name, this.#last);
    return this;
  }
}

function checkOptions(name: string, options: CronOptions): void {
  const { graceMs, jitterMs, timeoutMs, maxRuns, retry, until, overlap } = options;
  const check = (option: string, value: number | undefined, least: number, isWhole = false) => {
    if (value === undefined || (value >= least && (!isWhole || Number.isSafeInteger(value)))) return;
    throw new RangeError(
      `Task "${name}": ${option} must be ${isWhole ? "a whole number, " : ""}${least} or more.`,
    );
  };
  check("graceMs", graceMs, 0);
  check("jitterMs", jitterMs, 0, true);
  check("timeoutMs", timeoutMs, 1);
  check("maxRuns", maxRuns, 1, true);
  check("retry.attempts", retry?.attempts, 1, true);
  check("retry.backoffMs", retry?.backoffMs, 0);
  check("until, as milliseconds since 1970,", until === undefined ? undefined : Number(until), 0);
  if (overlap !== undefined && !["skip", "queue", "allow", "cancel"].includes(overlap)) {
    throw new RangeError(`Task "${name}": overlap must be "skip", "queue", "allow" or "cancel".`);
  }
}

function logError(error: unknown, { name, attempt, willRetry }: FailedRun): void {
  const more = willRetry ? "; it is tried again" : "";
  console.error(`Scheduled task "${name}" failed on attempt ${attempt}${more}:`, error);
}
