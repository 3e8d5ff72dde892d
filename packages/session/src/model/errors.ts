// What can go wrong with a store, each under its own name. All of them are answers too: the framework sends their status.
import { HttpError } from "@hatcheck/core";

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

/** The session's data would grow over `maxBytes`. Nothing was written, and the changes are still in the session object. */
export class SessionTooLargeError extends HttpError {
  override readonly name: string = "SessionTooLargeError";
  /** The limit, in bytes. */
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(500, `The session would be larger than ${maxBytes} bytes.`);
    this.maxBytes = maxBytes;
  }
}

/** `createWithId` was given an id that is in use. The id stands neither in the message nor elsewhere. */
export class SessionIdInUseError extends Error {
  override readonly name: string = "SessionIdInUseError";

  constructor() {
    super("createWithId: this id is in use; choose another, or let create() choose");
  }
}
