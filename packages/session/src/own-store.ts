// What a store of your own is made from: a `Backend` for your database. `RemoteSessionStore` does the rest.
export type { Backend, Exchange, Found, Key, Login, Refusal, Times } from "./remote/backend.ts";
export type { EncodedChanges } from "./model/encoding.ts";
export { type Settings, settingsOf } from "./model/options.ts";
export { RemoteSessionStore } from "./remote/remote-store.ts";
export type { Check, Checks } from "@hatcheck/core/options";
