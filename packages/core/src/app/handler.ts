// The two kinds of functions that an application consists of.
import type { ConnectionInfo } from "../message/connection.ts";
import type { Params } from "./pattern.ts";
import type { Request } from "../message/request.ts";
import type { Response } from "../message/response.ts";

/** An answer, now or later. One that is there now is never wrapped into a promise. */
export type Answer = Response | Promise<Response>;

/** Answers a request. */
export type Handler<State = unknown, Pattern extends string = string> = (
  req: Request,
  params: Params<Pattern>,
  conn: ConnectionInfo,
  state: State,
) => Answer;

/** Runs the rest: the layers further inside, then the handler. It never throws; errors come back as responses. */
export type Next = (req?: Request) => Answer;

/**
 * Stands around handlers: it may answer itself, or change the request before and the response after `next()`.
 * Change a copy of the response (`response.clone()`): the one that you get may be shared.
 */
export type Layer<State = unknown> = (req: Request, conn: ConnectionInfo, next: Next, state: State) => Answer;

/**
 * Sees whatever was thrown. What it returns is the answer; nothing leaves the answer to the app around, or to the framework.
 * 404 and 405 come here too, as an `HttpError`. When it fails itself, both errors are printed and the answer is 500.
 */
export type ErrorHandler<State = unknown> = (
  error: unknown,
  req: Request,
  conn: ConnectionInfo,
  state: State,
) => Response | undefined | void | Promise<Response | undefined | void>;

export interface RouteOptions {
  /** Most bytes that the body may have; 1 MiB unless given here or for the app. */
  bodyLimit?: number;
  /** Most fields that a form or the query may have; 1,000 unless given here or for the app. */
  maxFields?: number;
  /**
   * Milliseconds that the handler has to answer; then it is 503 and `req.signal` aborts, as with the `timeout` layer, in whose
   * place it stands for this route. `Infinity` for no deadline.
   */
  timeoutMs?: number;
}
