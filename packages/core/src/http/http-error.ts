// The one error that a handler throws to answer with a status, and the internal ones that carry a cause.
import type { Header } from "./header.ts";
import { reasonPhraseOf } from "./status.ts";

export interface HttpErrorOptions {
  /** Fields of the answer, such as `Retry-After`. */
  headers?: readonly Header[];
  /** What led here. It reaches `onError` and the log, never the client. */
  cause?: unknown;
}

/**
 * Throw it from a handler or a layer to answer with a status.
 *
 * The detail is shown to the client: write it for them. Everything else that is thrown becomes a 500
 * whose detail says nothing.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export class HttpError extends Error {
  override readonly name: string = "HttpError";
  readonly statusCode: number;
  readonly detail: string;
  readonly headers: readonly Header[];

  /** @throws RangeError when the status is not one of an error, 400 to 599. */
  constructor(
    statusCode: number,
    detail: string = reasonPhraseOf(statusCode),
    options: HttpErrorOptions = {},
  ) {
    if (!Number.isInteger(statusCode) || statusCode < 400 || statusCode > 599) {
      throw new RangeError(`HttpError status must be 400 to 599, got ${String(statusCode)}`);
    }
    super(detail, "cause" in options ? { cause: options.cause } : undefined);
    this.statusCode = statusCode;
    this.detail = detail;
    this.headers = options.headers ?? [];
  }
}
