// What a store of your own is made from: a `Backend` for your database. `RemoteSessionStore` does the rest.
export type { Backend, Exchange, Found, Key, Login, Refusal, Times } from "./backend.ts";
export type { EncodedChanges } from "./encoding.ts";
export { type Settings, settingsOf } from "./options.ts";
export { RemoteSessionStore } from "./remote-store.ts";
