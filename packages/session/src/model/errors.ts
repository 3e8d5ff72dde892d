// What can go wrong with a store, each under its own name. All of them are answers too: the framework sends their status.
import { HttpError } from "@hatcheck/core";
import { type Entries, largestOf } from "./session.ts";
import { propertyOf } from "./property.ts";

const COULD_NOT_BE_STORED = "The session could not be stored.";

/** The store did not answer, or answered with an error: 503, never an anonymous visit. */
export class SessionStoreUnavailableError extends HttpError {
  override readonly name: string = "SessionStoreUnavailableError";

  constructor(cause?: unknown) {
    super(503, "Sessions are unavailable for the moment; try again shortly.", {
      cause,
      headers: [{ name: "Retry-After", value: "5" }],
    });
  }
}

/**
 * What a request asked of its session could not be stored, because the session has ended or got another id meanwhile: 409,
 * without a cookie. An `onError` may send the visitor to the login page instead.
 */
export class SessionEndedError extends HttpError {
  override readonly name: string = "SessionEndedError";

  constructor() {
    super(409, "The session has ended meanwhile, or was renewed; nothing was stored. Try again.");
  }
}

/** What was asked for needs a session that is bound to its device, and this one is not: 403. */
export class DeviceRequiredError extends HttpError {
  override readonly name: string = "DeviceRequiredError";

  constructor() {
    super(
      403,
      "This needs a login that is bound to its device: log in over TLS, with a browser that supports Device Bound Session Credentials.",
    );
  }
}

/** The memory store is full of sessions of logged-in users, none of which may be dropped: 503. */
export class SessionStoreFullError extends HttpError {
  override readonly name: string = "SessionStoreFullError";

  constructor() {
    super(503, "No further session can be opened for the moment; try again later.", {
      headers: [{ name: "Retry-After", value: "60" }],
    });
  }
}

/**
 * The session's data would grow over `maxBytes`. Nothing was written, and the changes are still in the session object. The client
 * is told no more than 500; the message, for the log, names the key that takes the most.
 */
export class SessionTooLargeError extends HttpError {
  override readonly name: string = "SessionTooLargeError";
  /** The limit, in bytes. */
  readonly maxBytes: number;
  /** The key that takes the most. */
  readonly key: string | undefined;

  /** @param entries what would have been stored, as far as it is known */
  constructor(maxBytes: number, entries: Entries) {
    super(500, COULD_NOT_BE_STORED);
    const largest = largestOf(entries);
    this.maxBytes = maxBytes;
    this.key = largest?.key;
    const most = largest && `; the key ${JSON.stringify(largest.key)} takes ${largest.size} of them`;
    this.message = `The session would be larger than ${maxBytes} bytes${most ?? ""}.`;
  }
}

/**
 * The session's data would not fit the store's schema, so that it could never be loaded again. Nothing was written, and the
 * changes are still in the session object. The client is told no more than 500; the message, for the log, says what is wrong.
 */
export class SessionSchemaError extends HttpError {
  override readonly name: string = "SessionSchemaError";
  /** As the schema gave them. */
  readonly issues: readonly unknown[];

  constructor(issues: readonly unknown[]) {
    super(500, COULD_NOT_BE_STORED);
    this.issues = issues;
    const texts = issues.map((issue) => String(propertyOf(issue, "message")));
    this.message = `The session does not fit the schema of its store: ${texts.join("; ")}`;
  }
}

/** `createWithId` was given an id that is in use. The id stands neither in the message nor elsewhere. */
export class SessionIdInUseError extends Error {
  override readonly name: string = "SessionIdInUseError";

  constructor() {
    super("createWithId: this id is in use; choose another, or let create() choose");
  }
}
