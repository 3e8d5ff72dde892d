// Events for whoever measures: published on node:diagnostics_channel, free of cost while nobody listens.
import { type Channel, channel } from "node:diagnostics_channel";
import type { ConnectionInfo } from "./connection.ts";
import type { Request } from "./request.ts";

/** Payload of `hatcheck.request.start`: a request has arrived. All events of one request carry the same `req`. */
export interface RequestStart {
  readonly req: Request;
  readonly conn: ConnectionInfo;
}

/**
 * Payload of `hatcheck.request.end`, once for each start: the last byte of the answer has been handed to the system, or
 * the client has left. `req.route` names the route. For `app.handle` and `app.fetch`, which send nothing themselves,
 * the answer is there.
 */
export interface RequestEnd extends RequestStart {
  /** 499 when the client left before there was an answer. */
  readonly statusCode: number;
  /** Whether the answer was sent to its end; false when the client left, or when its stream failed. */
  readonly completed: boolean;
}

/** Payload of `hatcheck.request.error`, before the end: something was thrown that was not meant for the client. */
export interface RequestError extends RequestStart {
  readonly error: unknown;
}

export const requestStart: Channel<RequestStart> = channel("hatcheck.request.start");
export const requestEnd: Channel<RequestEnd> = channel("hatcheck.request.end");
export const requestError: Channel<RequestError> = channel("hatcheck.request.error");

/** The end of a request whose answer is handed to a caller in this process. */
export function announceEnd(req: Request, conn: ConnectionInfo, statusCode: number): void {
  if (requestEnd.hasSubscribers) requestEnd.publish({ req, conn, statusCode, completed: true });
}
