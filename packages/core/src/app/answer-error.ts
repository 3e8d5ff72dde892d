// From whatever was thrown to an answer: the error handlers are asked from the inside out, and nothing that they do, or that
// was thrown, gets any further.
import type { ConnectionInfo } from "../message/connection.ts";
import { requestError } from "../message/diagnostics.ts";
import { isThenable } from "../message/thenable.ts";
import { logError } from "../message/log-error.ts";
import { errorResponse } from "./error-response.ts";
import { HttpError } from "../http/http-error.ts";
import type { Answer, ErrorHandler } from "./handler.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { show } from "../options/check.ts";

/** An error handler with the state of its app. */
export interface Failure {
  readonly onError: ErrorHandler<unknown>;
  readonly state: unknown;
}

/** The answer for an error. Never throws, and never rejects. */
export function answerError(
  error: unknown,
  req: Request,
  conn: ConnectionInfo,
  failures: readonly Failure[],
): Answer {
  try {
    // What goes wrong because nobody waits any more, as the client has left or a deadline is over, is no error of ours.
    if (!(error instanceof HttpError) && req.isAbort(error)) return new Response(req.aborted ? 499 : 503);
    const expected = error instanceof HttpError && error.statusCode < 500;
    if (!expected && requestError.hasSubscribers) requestError.publish({ req, conn, error });
    if (!expected && failures.length === 0) log("failed", error, req);
    const answer = askHandlers(error, req, conn, failures);
    return answer instanceof Promise ? answer.catch((second: unknown) => giveUp(error, second, req)) : answer;
  } catch (second) {
    return giveUp(error, second, req);
  }
}

/** Asks the error handlers from the inside out; the first answer counts. */
function askHandlers(
  error: unknown,
  req: Request,
  conn: ConnectionInfo,
  failures: readonly Failure[],
): Answer {
  const [first, ...others] = failures;
  if (first === undefined) return errorResponse(error, req);
  const otherwise = (answer: unknown): Answer => {
    if (answer instanceof Response) return answer;
    if (answer !== undefined && answer !== null) {
      log("failed", error, req);
      log(`failed, and onError returned ${show(answer)}; return a Response, or nothing`, undefined, req);
    }
    return askHandlers(error, req, conn, others);
  };
  const answer: unknown = first.onError(error, req, conn, first.state);
  return isThenable(answer) ? Promise.resolve(answer).then(otherwise) : otherwise(answer);
}

/** For an error handler that fails itself, and for what was thrown and cannot even be looked at. */
function giveUp(error: unknown, second: unknown, req: Request): Response {
  log("failed", error, req);
  log("failed, and then onError did", second, req);
  return errorResponse(undefined, req);
}

/** The log of an app without `onError`: standard error, under the id that the client was told. */
function log(what: string, error: unknown, req: Request): void {
  logError(`${req.method} ${req.route ?? "(no route)"} ${what}, request id ${req.id}`, error);
}
