// The public face of the package.
export { App, type AppOptions } from "./app.ts";
export { type BodySource, DEFAULT_BODY_LIMIT } from "./body.ts";
export type { RouteInfo } from "./compile.ts";
export { type Address, ConnectionInfo, type Peer } from "./connection.ts";
export {
  assertCookie,
  attributesToString,
  type Cookie,
  CookieJar,
  cookieValue,
  SetCookie,
  type SetCookieAttributes,
} from "./cookie.ts";
export type { ReceivedCookie } from "./cookie-store.ts";
export type { RequestEnd, RequestError, RequestStart } from "./diagnostics.ts";
export { HttpError, type HttpErrorOptions } from "./error.ts";
export { escapeHtml } from "./escape-html.ts";
export type { Answer, ErrorHandler, Handler, Layer, Next, RouteOptions } from "./handler.ts";
export { Header, withMembers } from "./header.ts";
export { health, type HealthOptions } from "./health.ts";
export { accessLog, type AccessLogEntry, type AccessLogOptions } from "./layers/access-log.ts";
export { compression, type CompressionOptions } from "./layers/compression.ts";
export { cors, type CorsOptions } from "./layers/cors.ts";
export {
  crossOriginProtection,
  type CrossOriginProtectionOptions,
} from "./layers/cross-origin-protection.ts";
export type { ContentCoding } from "./layers/encoders.ts";
export { requestId, type RequestIdOptions } from "./layers/request-id.ts";
export { cspNonce, NONCE, securityHeaders, type SecurityHeadersOptions } from "./layers/security-headers.ts";
export { timeout, type TimeoutOptions } from "./layers/timeout.ts";
export type { MultipartField, MultipartOptions, MultipartPart } from "./multipart.ts";
export type { MultipartFile } from "./multipart-file.ts";
export type { ParamName, Params } from "./pattern.ts";
export { Request, type RequestInit, RequestKey } from "./request.ts";
export { type Body, cancelBody, type Chunk, Response, type StreamBody } from "./response.ts";
export type { Method } from "./router.ts";
export type { CloseOptions, ListenOptions, Server, UpgradeHandler } from "./server.ts";
export {
  formatEvent,
  type ServerSentEvent,
  sse,
  type SseContext,
  type SseOptions,
  type SseSource,
} from "./sse.ts";
export { staticFiles, type StaticFilesHandler, type StaticFilesOptions } from "./static-files.ts";
export { type Status, STATUS_CODE_REASON_PHRASE } from "./status.ts";
export {
  type InProcessOptions,
  TestClient,
  type TestClientOptions,
  type TestRequest,
  type TestResponse,
} from "./test-client.ts";
export type { Responder } from "./test-transport.ts";
export {
  type Forwarding,
  type ProxyTrust,
  trustProxy,
  type TrustProxy,
  type TrustProxyRule,
} from "./trust-proxy.ts";
