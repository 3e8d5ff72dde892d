/**
 * The options of each kind of task, checked when the task is named: nothing that is wrong with one is found at night.
 */
import { CRON_CHECKS } from "../cron/cron-schedule.ts";
import { storableName } from "../once/shared-options.ts";
import {
  type Checks,
  checkOptions,
  milliseconds,
  oneOf,
  pointInTime,
  typeOf,
  wholeNumber,
  withMethods,
} from "../values/check.ts";
import type { CronOptions } from "./options.ts";
import type { TaskKind } from "./status.ts";

const RETRY: Checks = {
  attempts: { required: wholeNumber(1) },
  backoffMs: { required: milliseconds(0) },
};
const COMMON: Checks = {
  name: storableName,
  timeoutMs: milliseconds(1),
  retry: (value, label) => checkOptions(label.slice(0, -": retry".length), value, RETRY, "retry."),
  jitterMs: wholeNumber(0),
};
const ENDS: Checks = { maxRuns: wholeNumber(1), until: pointInTime };
const SHARED: Checks = {
  graceMs: milliseconds(0, { orInfinity: true }),
  once: withMethods("what redisOnce() or postgresOnce() gives", "claim"),
  exclusive: typeOf("boolean"),
  catchUpMs: milliseconds(0),
};
const CHECKS: Readonly<Record<TaskKind, Checks>> = {
  every: { ...COMMON, ...ENDS, ...SHARED },
  after: { ...COMMON, ...ENDS },
  cron: {
    ...COMMON,
    ...ENDS,
    ...SHARED,
    ...CRON_CHECKS,
    overlap: oneOf("skip", "queue", "allow", "cancel"),
  },
  at: { ...COMMON, ...SHARED },
};

/**
 * Gives a copy, so that what the caller does with the object later changes nothing.
 *
 * @throws {TypeError | RangeError} when something is wrong; the message names the task and the option
 */
export function checkTaskOptions(kind: TaskKind, options: CronOptions): CronOptions {
  const name: unknown = options?.name;
  const owner = typeof name === "string" ? `Task "${name.slice(0, 200)}"` : `A task of ${kind}()`;
  if (kind === "after" && options?.once !== undefined) {
    throw new TypeError(
      `${owner}: after() cannot take \`once\`: its times are different on every instance. Use every().`,
    );
  }
  checkOptions(owner, options, CHECKS[kind]);
  const { once, exclusive, catchUpMs, overlap } = options;
  if (once === undefined) {
    if (exclusive === true) throw new TypeError(`${owner}: exclusive needs \`once\`, which keeps the lease.`);
    if (catchUpMs !== undefined) {
      throw new TypeError(`${owner}: catchUpMs needs \`once\`, which remembers what has run.`);
    }
  } else {
    if (name === undefined)
      throw new TypeError(`${owner}: a task with \`once\` needs a name, the same on every instance.`);
    if (isExclusive(options)) {
      withMethods("one that keeps leases, for an exclusive task", "claimExclusive")(once, `${owner}: once`);
      if (overlap === "allow") throw new TypeError(`${owner}: exclusive contradicts overlap: "allow".`);
    }
  }
  return { ...options, ...(options.retry !== undefined && { retry: { ...options.retry } }) };
}

export function isExclusive({ exclusive, once }: CronOptions): boolean {
  return exclusive ?? once?.exclusive ?? false;
}
