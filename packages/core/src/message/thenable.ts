// Promises that come from anywhere.

/** Whether something is a promise, whoever made it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/**
 * What a hook returned that must answer at once. A promise is no answer; nobody would hear it reject, which ends a process.
 *
 * @throws TypeError for a promise.
 */
export function atOnce(value: unknown, hook: string): unknown {
  if (!isThenable(value)) return value;
  Promise.resolve(value).catch(ignore);
  throw new TypeError(`${hook} returned a promise; it must answer at once`);
}

function ignore(): void {}
