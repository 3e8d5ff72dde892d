/**
 * Tells the caller's `onError`, which may do anything: nothing that it throws or rejects with reaches the engine.
 */
import { logError } from "../values/log.ts";
import type { FailedRun, SchedulerOptions } from "./options.ts";

/** Reports a failed attempt; never throws. */
export type Report = (error: unknown, run: FailedRun) => void;

/** @param onError the caller's, or `undefined` to write to the console */
export function makeReport(onError: SchedulerOptions["onError"]): Report {
  if (onError === undefined) {
    return (error, { name, attempt, willRetry }) => {
      const more = willRetry ? "; it is tried again" : "";
      logError(`Scheduled task "${name}" failed on attempt ${attempt}${more}:`, error);
    };
  }
  return (error, run) => {
    const onSecondError = (secondError: unknown) =>
      logError(`The scheduler's onError failed while it was told of task "${run.name}":`, secondError, error);
    try {
      const answer: unknown = onError(error, run);
      // Not every promise is a Promise; `then` itself may throw, which the resolving turns into a rejection.
      if (typeof answer === "object" && answer !== null) Promise.resolve(answer).catch(onSecondError);
    } catch (secondError) {
      onSecondError(secondError);
    }
  };
}
