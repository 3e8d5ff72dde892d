// For engines without sockets: an answer whose stream has begun, so that one which fails at once is an error's answer.
import type { ConnectionInfo } from "../message/connection.ts";
import type { FinalResponse } from "../message/prepared-response.ts";
import type { Request } from "../message/request.ts";
import { isStream } from "../message/response.ts";
import { begin, type Chunks, chunksOf } from "../message/stream.ts";

/** What answers requests in this process: an app, whatever its state. */
export interface Responder {
  respond(req: Request, conn: ConnectionInfo): FinalResponse | Promise<FinalResponse>;
  respondInstead(
    error: unknown,
    broken: FinalResponse,
    req: Request,
    conn: ConnectionInfo,
  ): FinalResponse | Promise<FinalResponse>;
}

/** An answer; `chunks` are those of its body when that is a stream. */
export interface BegunResponse {
  readonly final: FinalResponse;
  readonly chunks: Chunks | undefined;
}

/** Answers a request and begins to read what it is answered with. */
export async function respondBegun(
  app: Responder,
  req: Request,
  conn: ConnectionInfo,
): Promise<BegunResponse> {
  const final = await app.respond(req, conn);
  if (!isStream(final.body)) return { final, chunks: undefined };
  try {
    return { final, chunks: await begin(final.body) };
  } catch (error) {
    const instead = await app.respondInstead(error, final, req, conn);
    return { final: instead, chunks: isStream(instead.body) ? chunksOf(instead.body) : undefined };
  }
}
