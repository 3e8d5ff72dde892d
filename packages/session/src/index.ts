// The public face of the package.
export { destroyCookie, sessionCookie, sessionIdFromRequest } from "./cookies.ts";
export {
  SessionIdInUseError,
  SessionStoreFullError,
  SessionStoreUnavailableError,
  SessionTooLargeError,
} from "./errors.ts";
export type { RefusalReason, SessionEvent, SessionOutage, SessionRefused } from "./events.ts";
export type { JsonData, JsonOf } from "./json.ts";
export { sessionLayer, type SessionLayer, type SessionLayerOptions } from "./layer.ts";
export { type MemoryOptions, SessionStore } from "./memory.ts";
export { type DeviceEntry, RequestSession } from "./request-session.ts";
export { Session } from "./session.ts";
export type { SessionCookieOptions } from "./session-cookie.ts";
export type { StandardSchema } from "./standard-schema.ts";
export type {
  Client,
  CreateOptions,
  Mode,
  PurgeOptions,
  Result,
  SessionEntry,
  Store,
  StoreOptions,
} from "./store.ts";
