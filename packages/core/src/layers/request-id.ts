// Gives a request's id to the client, so that both sides' logs can be laid next to each other.
import type { Layer } from "../app/handler.ts";
import { Header } from "../http/header.ts";
import { checkOptions, isBoolean, isString } from "../options/check.ts";
import { after } from "./after.ts";

export interface RequestIdOptions {
  /** The field's name; `X-Request-Id` unless given. */
  header?: string;
  /**
   * Takes the id that came with the request, when it is 1 to 128 letters, digits, `-`, `_` and `.`; not unless given:
   * whoever can choose ids can make one request look like another in your logs. For servers behind a proxy of yours.
   */
  acceptIncoming?: boolean;
}

const SAFE_ID = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * A layer that sends `req.id`, the name under which error answers and logs speak of the request. Outermost, so that
 * errors carry it too.
 *
 * @throws TypeError when the field's name is none.
 */
export function requestId(options: RequestIdOptions = {}): Layer {
  checkOptions("requestId", options, { header: isString, acceptIncoming: isBoolean });
  const { header: name = "X-Request-Id", acceptIncoming = false } = options;
  // Checks the name now, not with every request.
  const { name: field } = new Header(name, "");

  return (req, _conn, next) => {
    if (acceptIncoming) {
      const incoming = req.header(field);
      if (incoming !== undefined && SAFE_ID.test(incoming)) req.id = incoming;
    }
    return after(next(), (response) => response.clone().setHeader(field, req.id));
  };
}
