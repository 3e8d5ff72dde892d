// What a store of your own is made from: a `Backend` for your database. `RemoteSessionStore` does the rest.
export type {
  Backend,
  Exchange,
  Found,
  Key,
  LoggedIn,
  Page,
  PageQuery,
  Refusal,
  Replaced,
  Replacement,
  Times,
} from "./remote/backend.ts";
export { type Login, loginRecordOf, STAMP_MS } from "./model/login.ts";
export { retire, retiredAs, type Retirement } from "./model/retired.ts";
// For a store that is no `RemoteSessionStore`: what it does with the sessions that it has made.
export {
  acceptEntries,
  acceptState,
  type Actor,
  apply,
  type Changes,
  changesOf,
  type Entries,
  entriesOf,
  type LoginRecord,
  type SessionRecord,
  type SessionState,
  stateOf,
  type StoredValue,
  writeInTurn,
} from "./model/session.ts";
export { isBound } from "./model/device.ts";
export type { EncodedChanges } from "./model/encoding.ts";
export { type Settings, settingsOf } from "./model/options.ts";
export { RemoteSessionStore } from "./remote/remote-store.ts";
export type { Check, Checks } from "@hatcheck/core/options";
