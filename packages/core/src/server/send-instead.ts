// The answer sent in place of one that cannot be sent, for all engines.
import type { Responder } from "./begin-response.ts";
import type { ConnectionInfo } from "../message/connection.ts";
import type { FinalResponse } from "../message/prepared-response.ts";
import type { Request } from "../message/request.ts";
import { cancelBody } from "../message/response.ts";

/** How an engine ends one request. */
export interface Exchange {
  /** Whether no head has been sent, and somebody waits for one. */
  readonly canBeAnswered: boolean;
  readonly send: (final: FinalResponse) => Promise<void> | undefined;
  /** Ends it so that the client sees that its answer is not whole. */
  readonly cutOff: () => void;
}

/**
 * For streams that break, and for what an engine refuses though we did not: an error is sent when none of the answer has
 * been, and what has been is cut off otherwise. Never rejects.
 */
export async function sendInstead(
  app: Responder,
  { canBeAnswered, send, cutOff }: Exchange,
  broken: FinalResponse,
  req: Request,
  conn: ConnectionInfo,
  error: unknown,
): Promise<void> {
  if (!canBeAnswered) cutOff();
  try {
    const instead = await app.respondInstead(error, broken, req, conn);
    if (canBeAnswered) await send(instead);
    else cancelBody(instead.body);
  } catch {
    cutOff();
  }
}
