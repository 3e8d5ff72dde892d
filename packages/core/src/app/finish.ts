// From a handler's response to what an engine sends. It never throws.
import { logError } from "../message/log-error.ts";
import type { ConnectionInfo } from "../message/connection.ts";
import { type FinalResponse, prepareResponse } from "../message/prepared-response.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import type { Compiled } from "./compile.ts";
import { withFieldsOf } from "./preserved-fields.ts";

/** A response, made ready for an engine; or the answer for the error that this ends in. */
export function finish(
  compiled: Compiled,
  req: Request,
  conn: ConnectionInfo,
  response: Response,
): FinalResponse | Promise<FinalResponse> {
  try {
    return prepareResponse(req, response);
  } catch (error) {
    return failed(compiled, req, conn, response, error);
  }
}

/** The answer for an error that came up after all layers had run. What they had added to the broken response stays. */
export function failed(
  compiled: Compiled,
  req: Request,
  conn: ConnectionInfo,
  broken: Response,
  error: unknown,
): FinalResponse | Promise<FinalResponse> {
  // An error handler's own response may be as broken as the one that it replaces.
  const instead = (it: Response): FinalResponse => {
    try {
      return prepareResponse(req, withFieldsOf(broken, it));
    } catch (second) {
      logError(`The answer to an error cannot be sent, request id ${req.id}`, second);
      return prepareResponse(req, Response.text(500, "500 Internal Server Error\n"));
    }
  };
  const answer = compiled.fail(error, req, conn);
  return answer instanceof Response ? instead(answer) : answer.then(instead);
}

/** What an engine would send, as a response again. */
export function toResponse({ statusCode, reasonPhrase, headers, body }: FinalResponse): Response {
  const response = new Response({ statusCode, reasonPhrase }, [], body);
  for (let index = 0; index < headers.length; index += 2) {
    response.headers.push({ name: headers[index] ?? "", value: headers[index + 1] ?? "" });
  }
  return response;
}
