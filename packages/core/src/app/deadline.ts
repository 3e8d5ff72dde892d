// A deadline for an answer: nobody waits forever.
import { HttpError } from "../http/http-error.ts";
import type { Header } from "../http/header.ts";
import type { Request } from "../message/request.ts";
import { cancelBody, Response } from "../message/response.ts";
import { type Check, milliseconds } from "../options/check.ts";
import type { Answer } from "./handler.ts";

/** What a deadline may be. */
export const isDeadline: Check = milliseconds(1);

/**
 * The answer, or a rejection with 503 when it is not there after `ms` milliseconds; then `req.signal` aborts, and what comes
 * later is dropped. One that is there at once has no deadline.
 */
export function withDeadline(answer: Answer, req: Request, ms: number, headers: readonly Header[]): Answer {
  if (answer instanceof Response) return answer;
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      const cause = new DOMException(`No response within ${ms} ms`, "TimeoutError");
      reject(new HttpError(503, "This took too long; try again later.", { headers, cause }));
      req.abort(cause);
    }, ms);
    answer.then(
      (response) => {
        clearTimeout(timer);
        if (late) cancelBody(response?.body);
        else resolve(response);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
