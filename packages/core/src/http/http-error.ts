// The one error that a handler throws to answer with a status, and the internal ones that carry a cause.
import { type Checks, checkOptions, objectThat, show } from "../options/check.ts";
import { assertHeader, type Header } from "./header.ts";
import { reasonPhraseOf } from "./status.ts";

export interface HttpErrorOptions {
  /** Fields of the answer: `{ "Retry-After": "60" }`, or a list where a name repeats. */
  headers?: readonly Header[] | Readonly<Record<string, string>>;
  /** What led here. It reaches `onError` and the log, never the client. */
  cause?: unknown;
  /**
   * Further members of the problem document: what a client can act on, as JSON. `type`, `title` and `instance` take the
   * place of ours; `status`, `detail` and `requestId` are not for it.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9457#section-3.2
   */
  members?: Readonly<Record<string, unknown>>;
}

const OPTIONS: Checks = {
  headers: (value, label) => {
    if (typeof value !== "object" || value === null)
      throw new TypeError(`${label} must be { name: value } or a list of headers, got ${show(value)}`);
  },
  cause: () => {},
  members: objectThat("an object"),
};
const OWN_MEMBERS = ["status", "detail", "requestId"];
const NO_MEMBERS: Readonly<Record<string, unknown>> = Object.freeze({});

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
  readonly members: Readonly<Record<string, unknown>>;

  /**
   * @throws RangeError when the status is not one of an error, 400 to 599.
   * @throws TypeError when a field would break the message, or the members hold `status`, `detail` or `requestId`.
   */
  constructor(
    statusCode: number,
    detail: string = reasonPhraseOf(statusCode),
    options: HttpErrorOptions = {},
  ) {
    if (!Number.isInteger(statusCode) || statusCode < 400 || statusCode > 599) {
      throw new RangeError(`HttpError status must be 400 to 599, got ${String(statusCode)}`);
    }
    checkOptions("HttpError", options, OPTIONS);
    super(detail, "cause" in options ? { cause: options.cause } : undefined);
    this.statusCode = statusCode;
    this.detail = detail;
    this.headers = fieldsOf(options.headers);
    this.members = options.members ?? NO_MEMBERS;
    const taken = OWN_MEMBERS.find((name) => Object.hasOwn(this.members, name));
    if (taken !== undefined) {
      throw new TypeError(`HttpError: the member "${taken}" says what the error says already; leave it out`);
    }
  }
}

const NO_FIELDS: readonly Header[] = Object.freeze([]);

function fieldsOf(headers: HttpErrorOptions["headers"]): readonly Header[] {
  if (headers === undefined) return NO_FIELDS;
  const fields = isList(headers)
    ? headers
    : Object.entries(headers).map(([name, value]) => ({ name, value }));
  for (const { name, value } of fields) assertHeader(name, value);
  return fields;
}

function isList(headers: readonly Header[] | Readonly<Record<string, string>>): headers is readonly Header[] {
  return Array.isArray(headers);
}
