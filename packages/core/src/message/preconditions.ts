// Whether a change may be made: clients say which version they have seen, so that nobody overwrites what another wrote.
import { isEntityTag, matchesEntityTag } from "../http/etag.ts";
import { HttpError } from "../http/http-error.ts";
import { failsIfMatch, fieldOf } from "./conditional.ts";
import type { Request } from "./request.ts";

/** The version before the change. */
export interface CurrentVersion {
  /** With its quotes, as in the `ETag` field: `"v1"`. */
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
}

export interface PreconditionOptions {
  /** Refuses a request without a condition, with 428. Off unless given. */
  required?: boolean;
}

/**
 * Holds the conditions of a PUT, PATCH, POST or DELETE against what is there now; call it before the change is made.
 * `undefined` says that there is nothing yet, which `If-None-Match: *` asks for.
 *
 *     assertPreconditions(req, { etag: `"${article.version}"` });
 *
 * @throws HttpError 412 when the client expects another version, 428 when it names none and `required` is set.
 * @throws TypeError for an entity tag without quotes.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
 * @see https://www.rfc-editor.org/rfc/rfc6585#section-3
 */
export function assertPreconditions(
  req: Request,
  current: CurrentVersion | undefined,
  options: PreconditionOptions = {},
): void {
  const etag = current?.etag;
  if (etag !== undefined && !isEntityTag(etag)) {
    throw new TypeError(
      `assertPreconditions: ${JSON.stringify(etag)} is no entity tag; write it with its quotes, '"v1"'`,
    );
  }
  const validators = { etag, lastModified: current?.lastModified?.getTime() };
  const ifNoneMatch = fieldOf(req, "if-none-match");
  const exists = current !== undefined;
  if (
    failsIfMatch(req, validators, exists) ||
    (ifNoneMatch !== undefined && exists && isNamed(ifNoneMatch, etag))
  ) {
    throw new HttpError(412, "What is there is not the version that was expected.");
  }
  const isConditional =
    ifNoneMatch !== undefined ||
    req.header("if-match") !== undefined ||
    req.header("if-unmodified-since") !== undefined;
  if (options.required === true && !isConditional) {
    throw new HttpError(428, "Say which version this is meant for, with If-Match or If-None-Match.");
  }
}

function isNamed(field: string, etag: string | undefined): boolean {
  return matchesEntityTag(field, etag, "weak");
}
