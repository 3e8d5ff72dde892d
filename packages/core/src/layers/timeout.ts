// A deadline for handlers: nobody waits forever for an answer.
import { assertDeadline, withDeadline } from "../app/deadline.ts";
import type { Layer } from "../app/handler.ts";

export interface TimeoutOptions {
  /** Seconds that `Retry-After` tells the client to wait; 1 unless given. */
  retryAfter?: number;
}

/**
 * A layer that answers 503 when there is no response after `ms` milliseconds, and aborts `req.signal` so that the
 * handler can give up; what it returns or throws later is dropped, and a late stream is cancelled. Sending a response
 * that is there has no deadline. A route with a `timeoutMs` of its own has that one instead. A handler that never yields the thread cannot be interrupted.
 *
 * @throws RangeError when `ms` is not a number of milliseconds above 0, or `retryAfter` not a whole number of seconds.
 */
export function timeout(ms: number, options: TimeoutOptions = {}): Layer {
  const { retryAfter = 1 } = options;
  assertDeadline("timeout: the deadline", ms);
  if (!Number.isSafeInteger(retryAfter) || retryAfter < 0) {
    throw new RangeError(`timeout: retryAfter must be a whole number of seconds, got ${retryAfter}`);
  }
  const headers = [{ name: "Retry-After", value: String(retryAfter) }];

  return (req, _conn, next) => {
    const answer = next();
    // A route's own deadline goes before the one for all.
    return req.timeoutMs === undefined ? withDeadline(answer, req, ms, headers) : answer;
  };
}
