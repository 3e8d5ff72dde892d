// The public face of the package.
export { destroyCookie, sessionCookie, sessionIdFromRequest } from "./layer/cookie-helpers.ts";
export {
  DeviceRequiredError,
  SessionEndedError,
  SessionIdInUseError,
  SessionSchemaError,
  SessionStoreFullError,
  SessionStoreUnavailableError,
  SessionTooLargeError,
} from "./model/errors.ts";
export type {
  RefusalReason,
  SessionEvent,
  SessionOutage,
  SessionRefused,
  SessionSkipped,
} from "./model/events.ts";
export type { JsonData, JsonOf, ReadonlyJson } from "./model/json.ts";
export { requireDevice } from "./guard/require-device.ts";
export type { DeviceBoundOptions } from "./layer/device/options.ts";
export { sessionLayer, type SessionLayer, type SessionLayerOptions } from "./layer/session-layer.ts";
export type { MemoryOptions } from "./memory/memory-options.ts";
export { SessionStore } from "./memory/memory-store.ts";
export { type DeviceEntry, RequestSession, type RequestLoginOptions } from "./layer/request-session.ts";
export {
  requireUser,
  type RequireUserOptions,
  type UserFinder,
  type UserGuard,
  type UserHandler,
  type UserVisit,
} from "./guard/require-user.ts";
export { type Actor, Session } from "./model/session.ts";
export type { SessionCookieOptions } from "./layer/session-cookie.ts";
export type { StandardSchema } from "@hatcheck/core";
export type {
  Client,
  CountOptions,
  CreateOptions,
  DestroyByUserOptions,
  LoginOptions,
  ListedSession,
  ListOptions,
  Mode,
  PurgeOptions,
  RenewOptions,
  Result,
  SessionEntry,
  Store,
  StoreOptions,
} from "./model/store.ts";
