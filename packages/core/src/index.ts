// The public face of the package.
export { App, type AppOptions } from "./app.ts";
export { type BodySource, DEFAULT_BODY_LIMIT } from "./body.ts";
export type { RouteInfo } from "./compile.ts";
export { type Address, ConnectionInfo, type Peer } from "./connection.ts";
export {
  attributesToString,
  type Cookie,
  CookieJar,
  cookieValue,
  SetCookie,
  type SetCookieAttributes,
} from "./cookie.ts";
export type { RequestEnd, RequestError, RequestStart } from "./diagnostics.ts";
export { HttpError, type HttpErrorOptions } from "./error.ts";
export { escapeHtml } from "./escape-html.ts";
export type { Answer, ErrorHandler, Handler, Layer, Next, RouteOptions } from "./handler.ts";
export { addToList, Header } from "./header.ts";
export type { MultipartOptions, MultipartPart } from "./multipart.ts";
export type { ParamName, Params } from "./pattern.ts";
export { Request, type RequestInit, RequestKey } from "./request.ts";
export { type Body, type Chunk, Response, type StreamBody } from "./response.ts";
export type { Method } from "./router.ts";
export type { CloseOptions, ListenOptions, Server, UpgradeHandler } from "./server.ts";
export { type Status, STATUS_CODE_REASON_PHRASE } from "./status.ts";
export {
  type Forwarding,
  type ProxyTrust,
  trustProxy,
  type TrustProxy,
  type TrustProxyRule,
} from "./trust-proxy.ts";
