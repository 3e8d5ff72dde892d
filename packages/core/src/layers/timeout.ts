// A deadline for handlers: nobody waits forever for an answer.
import { HttpError } from "../http/http-error.ts";
import type { Layer } from "../app/handler.ts";
import { cancelBody, Response } from "../message/response.ts";

export interface TimeoutOptions {
  /** Seconds that `Retry-After` tells the client to wait; 1 unless given. */
  retryAfter?: number;
}

const LONGEST = 2 ** 31 - 1;

/**
 * A layer that answers 503 when there is no response after `ms` milliseconds, and aborts `req.signal` so that the
 * handler can give up; what it returns or throws later is dropped, and a late stream is cancelled. Sending a response
 * that is there has no deadline. A handler that never yields the thread cannot be interrupted.
 *
 * @throws RangeError when `ms` is not a number of milliseconds above 0, or `retryAfter` not a whole number of seconds.
 */
export function timeout(ms: number, options: TimeoutOptions = {}): Layer {
  const { retryAfter = 1 } = options;
  if (!(ms > 0 && ms <= LONGEST)) {
    throw new RangeError(`timeout: the deadline must be 1 to ${LONGEST} milliseconds, got ${ms}`);
  }
  if (!Number.isSafeInteger(retryAfter) || retryAfter < 0) {
    throw new RangeError(`timeout: retryAfter must be a whole number of seconds, got ${retryAfter}`);
  }
  const headers = [{ name: "Retry-After", value: String(retryAfter) }];

  return (req, _conn, next) => {
    const answer = next();
    if (answer instanceof Response) return answer;
    return new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        const cause = new DOMException(`No response within ${ms} ms`, "TimeoutError");
        reject(new HttpError(503, "This took too long; try again later.", { headers, cause }));
        req.abort(cause);
      }, ms);
      const settle = (response: Response): void => {
        clearTimeout(timer);
        if (late) cancelBody(response.body);
        else resolve(response);
      };
      answer.then(settle, reject);
    });
  };
}
