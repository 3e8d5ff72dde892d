// Events for whoever measures: published on node:diagnostics_channel, free of cost while nobody listens.
import { type Channel, channel } from "node:diagnostics_channel";
import type { ConnectionInfo } from "./connection.ts";
import type { Request } from "./request.ts";

/** Payload of `hatcheck.request.start`: a request has arrived. */
export interface RequestStart {
  readonly req: Request;
  readonly conn: ConnectionInfo;
}

/** Payload of `hatcheck.request.end`: its answer is ready to be sent. `req.route` names the route. */
export interface RequestEnd extends RequestStart {
  readonly statusCode: number;
}

/** Payload of `hatcheck.request.error`: something was thrown that was not meant for the client. */
export interface RequestError extends RequestStart {
  readonly error: unknown;
}

export const requestStart: Channel<RequestStart> = channel("hatcheck.request.start");
export const requestEnd: Channel<RequestEnd> = channel("hatcheck.request.end");
export const requestError: Channel<RequestError> = channel("hatcheck.request.error");
