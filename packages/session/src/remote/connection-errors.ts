// What a driver rejects with: whether it is worth another try, and what of it may be told.
import { propertyOf } from "../model/property.ts";

/** Codes of sockets, and SQLSTATEs of a server that ends its connections. */
const CUT = /^(ECONNRESET|EPIPE|ECONNABORTED|ENOTCONN|ERR_STREAM_\w+|08\w{3}|57P0[12])$/;
/** What drivers say that have no code for it. */
const CUT_NAMES = /^(SocketClosedUnexpectedlyError|DisconnectsClientError|MaxRetriesPerRequestError)$/;
const CUT_MESSAGES =
  /^(Connection (is closed|terminated)|Client has encountered a connection error|Socket closed)/;

/** Whether the connection was cut: nobody knows what became of the command, and a new connection may do. */
export function isCut(error: unknown): boolean {
  const textOf = (name: string) => String(propertyOf(error, name));
  return CUT.test(textOf("code")) || CUT_NAMES.test(textOf("name")) || CUT_MESSAGES.test(textOf("message"));
}

/** What is known of the properties that drivers give their errors, and holds no data. */
const TOLD = ["code", "errno", "syscall", "address", "port", "severity", "routine"] as const;

/**
 * The same error without what a driver has put there of a command and its arguments (`command` of ioredis, `detail` and `where`
 * of Postgres): sessions' data, which has no business in a log.
 */
export function withoutData(error: unknown): Error {
  if (!(error instanceof Error))
    return new Error(typeof error === "string" ? error : "the driver gave no error");
  const { cause } = error;
  const errors = propertyOf(error, "errors");
  const message =
    error.message === "" && Array.isArray(errors) ? errors.map(messageOf).join("; ") : error.message;
  const told = new Error(message, cause === undefined ? undefined : { cause: withoutData(cause) });
  told.name = error.name;
  if (error.stack !== undefined) told.stack = error.stack;
  for (const name of TOLD) {
    const value = propertyOf(error, name);
    if (value !== undefined) Object.assign(told, { [name]: value });
  }
  return told;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
