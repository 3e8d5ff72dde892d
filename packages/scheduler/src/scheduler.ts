/**
 * The list of tasks that starts: nothing of it runs before `start`, and nothing is added after.
 */
import { systemClock } from "./engine/clock.ts";
import { SchedulerHandle } from "./handle.ts";
import type { SchedulerOptions } from "./task/options.ts";
import { makeReport } from "./task/report.ts";
import { closeList, TaskList } from "./task/task-list.ts";
import { checkOptions, typeOf, withMethods } from "./values/check.ts";

const CHECKS = {
  onError: typeOf("function"),
  unref: typeOf("boolean"),
  clock: withMethods("a Clock", "now", "monotonic", "setTimeout", "clearTimeout"),
};

/**
 * Runs tasks in this process at fixed intervals, after fixed pauses, at the times of cron expressions, and once at a date.
 *
 * ```ts
 * const jobs = new Scheduler()
 *   .every("1h", () => store.purgeExpired(), { name: "purge" })
 *   .cron("0 30 2 * * *", backup, { timezone: "Europe/Berlin" })
 *   .start();
 * // later
 * await jobs.stop();
 * ```
 */
export class Scheduler extends TaskList {
  readonly #options: SchedulerOptions;
  #isStarted = false;

  /** @throws {TypeError} when an option is wrong, or there is no such option */
  constructor(options: SchedulerOptions = {}) {
    super();
    checkOptions("Scheduler", options, CHECKS);
    this.#options = options;
  }

  /**
   * Starts all tasks.
   *
   * @throws {Error} when they were started before: running a list twice is an accident
   */
  start(): SchedulerHandle {
    if (this.#isStarted) throw new Error("This scheduler was started before; make another one.");
    this.#isStarted = true;
    const { clock = systemClock, unref = false, onError } = this.#options;
    return new SchedulerHandle(clock, unref, makeReport(onError), closeList(this));
  }
}
