// A deadline for handlers: nobody waits forever for an answer.
import { isDeadline, withDeadline } from "../app/deadline.ts";
import { checkOptions, wholeNumber } from "../options/check.ts";
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
 * @throws TypeError or RangeError when `ms` is not a number of milliseconds from 1, or `retryAfter` not a whole number of seconds.
 */
export function timeout(ms: number, options: TimeoutOptions = {}): Layer {
  checkOptions("timeout", options, { retryAfter: wholeNumber(" of seconds", 0) });
  const { retryAfter = 1 } = options;
  isDeadline(ms, "timeout: the deadline");
  const headers = [{ name: "Retry-After", value: String(retryAfter) }];

  return (req, _conn, next) => {
    const answer = next();
    // A route's own deadline goes before the one for all.
    return req.timeoutMs === undefined ? withDeadline(answer, req, ms, headers) : answer;
  };
}
