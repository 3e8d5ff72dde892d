/**
 * Tasks as they are written down before anything runs. All that can be wrong with a task is found here.
 */
import { type Duration, toMilliseconds } from "../values/duration.ts";
import { show } from "../values/check.ts";
import { checkTaskOptions } from "./check-options.ts";
import type { AtOptions, CronOptions, EveryOptions, Task, TaskOptions } from "./options.ts";
import type { TaskKind } from "./status.ts";
import type { TaskDefinition } from "./task-definition.ts";
import { afterTiming, atTiming, cronTiming, everyTiming, type Timing } from "./timing.ts";

let close: (list: TaskList) => TaskDefinition[];

/** Lets a list take no task any more, and gives those that are in it. */
export function closeList(list: TaskList): TaskDefinition[] {
  return close(list);
}

export class TaskList {
  readonly #definitions = new Map<string, TaskDefinition>();
  readonly #isTaken: (name: string) => boolean;
  #last: TaskDefinition | undefined;
  #isClosed = false;

  static {
    close = (list) => {
      list.#isClosed = true;
      return [...list.#definitions.values()];
    };
  }

  /** @param isTaken whether a name is that of a task elsewhere */
  constructor(isTaken: (name: string) => boolean = () => false) {
    this.#isTaken = isTaken;
  }

  /**
   * Runs a task at the start, and then at every multiple of the interval. It never overlaps itself: a run that takes
   * longer than the interval is followed by one run at once, then by the next multiple.
   *
   * @param interval milliseconds, text as `"10m"`, or units as `{ hours: 1 }`; at least 1 ms
   * @throws {TypeError | RangeError} when an argument or option is wrong, or the name is taken
   */
  every(interval: Duration, task: Task, options: EveryOptions = {}): this {
    return this.#add("every", task, options, ({ once }) => everyTiming(interval, once !== undefined));
  }

  /**
   * Runs a task at the start, and then each time the delay has passed since the run before settled, however it did.
   *
   * @param delay milliseconds, text as `"30s"`, or units as `{ seconds: 30 }`; at least 1 ms
   * @throws {TypeError | RangeError} when an argument or option is wrong, or the name is taken
   */
  after(delay: Duration, task: Task, options: TaskOptions = {}): this {
    return this.#add("after", task, options, () => afterTiming(delay));
  }

  /**
   * Runs a task at the times of a cron expression; see {@link CronSchedule.parse} for what it can say.
   *
   * @throws {SyntaxError} when the expression cannot be parsed
   * @throws {TypeError | RangeError} when it never comes, is ambiguous, the zone is unknown, an option is wrong, or the
   *   name is taken
   */
  cron(expression: string, task: Task, options: CronOptions = {}): this {
    return this.#add("cron", task, options, (checked) => cronTiming(expression, checked));
  }

  /**
   * Runs a task once, at a date. A date that has passed when the scheduler starts is a `missed` event, unless `catchUpMs`
   * allows for its age.
   *
   * @param date a `Date`, or milliseconds since 1970
   * @throws {TypeError | RangeError} when it is no valid date, an option is wrong, or the name is taken
   */
  at(date: Date | number, task: Task, options: AtOptions = {}): this {
    return this.#add("at", task, options, () => atTiming(date));
  }

  /**
   * Delays the task named last: nothing of it happens for this long after the start.
   *
   * @param delay milliseconds, text as `"5m"`, or units as `{ minutes: 5 }`
   * @throws {Error} when there is no task yet
   */
  initialDelay(delay: Duration): this {
    this.#assertOpen();
    if (this.#last === undefined) {
      throw new Error("initialDelay() belongs to the task before it, and there is none yet.");
    }
    this.#last.initialDelay = toMilliseconds(delay, "initialDelay()");
    return this;
  }

  #add(kind: TaskKind, task: Task, options: CronOptions, timing: (checked: CronOptions) => Timing): this {
    this.#assertOpen();
    if (typeof task !== "function") {
      throw new TypeError(`The task of ${kind}() must be a function; it was ${show(task)}.`);
    }
    const checked = checkTaskOptions(kind, options);
    const name = checked.name ?? this.#freeName(kind);
    if (this.#hasName(name)) throw new RangeError(`There is a task "${name}" already.`);
    this.#last = { name, kind, task, options: checked, timing: timing(checked), initialDelay: 0 };
    this.#definitions.set(name, this.#last);
    return this;
  }

  #hasName(name: string): boolean {
    return this.#definitions.has(name) || this.#isTaken(name);
  }

  #freeName(kind: TaskKind): string {
    let number = this.#definitions.size + 1;
    while (this.#hasName(`${kind}-${number}`)) number += 1;
    return `${kind}-${number}`;
  }

  #assertOpen(): void {
    if (this.#isClosed) {
      throw new Error(
        "This scheduler has started; name its tasks before start(), or use add() of its handle.",
      );
    }
  }
}
