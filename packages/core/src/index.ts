// The public face of the package.
export { App } from "./app.ts";
export type { Application, AppOptions } from "./app/application.ts";
export { type BodySource, DEFAULT_BODY_LIMIT } from "./message/body.ts";
export type { RouteInfo } from "./app/compile.ts";
export {
  type Address,
  ConnectionInfo,
  type Forwarding,
  type Peer,
  type ProxyTrust,
} from "./message/connection.ts";
export {
  assertCookie,
  attributesToString,
  type Cookie,
  CookieJar,
  cookieValue,
  SetCookie,
  type SetCookieAttributes,
} from "./http/cookie.ts";
export { contentDisposition } from "./http/content-disposition.ts";
export type { ReceivedCookie } from "./testing/cookie-store.ts";
export type { RequestEnd, RequestError, RequestStart } from "./message/diagnostics.ts";
export { HttpError, type HttpErrorOptions } from "./http/http-error.ts";
export { escapeHtml } from "./message/escape-html.ts";
export { Html, html, type HtmlValue, rawHtml } from "./message/html.ts";
export type { Answer, ErrorHandler, Handler, Layer, Next, RouteOptions } from "./app/handler.ts";
export { Header, withMembers } from "./http/header.ts";
export { localPath } from "./http/local-path.ts";
export { health, type HealthOptions } from "./app/health.ts";
export { accessLog, type AccessLogEntry, type AccessLogOptions } from "./layers/access-log.ts";
export { compression, type CompressionOptions } from "./layers/compression.ts";
export { cors, type CorsOptions } from "./layers/cors.ts";
export { isCrossOrigin } from "./layers/cross-origin.ts";
export {
  crossOriginProtection,
  type CrossOriginProtectionOptions,
} from "./layers/cross-origin-protection.ts";
export type { ContentCoding } from "./layers/encoders.ts";
export {
  addressKey,
  assertLimiter,
  rateLimit,
  type RateLimiter,
  type RateLimiterResult,
  type RateLimitOptions,
  takePoint,
} from "./layers/rate-limit.ts";
export { decompression, type DecompressionOptions } from "./layers/decompression.ts";
export type { BodyCoding } from "./message/content-coding.ts";
export { requestId, type RequestIdOptions } from "./layers/request-id.ts";
export { cspNonce, NONCE, securityHeaders, type SecurityHeadersOptions } from "./layers/security-headers.ts";
export { timeout, type TimeoutOptions } from "./layers/timeout.ts";
export type { MultipartField, MultipartOptions, MultipartPart } from "./message/multipart.ts";
export type { MultipartFile } from "./message/multipart-file.ts";
export {
  assertPreconditions,
  type CurrentVersion,
  type PreconditionOptions,
} from "./message/preconditions.ts";
export type { ParamName, Params } from "./app/pattern.ts";
export { Request } from "./message/request.ts";
export { type RequestInit } from "./message/request-init.ts";
export { RequestKey } from "./message/request-key.ts";
export {
  type Body,
  cancelBody,
  type Chunk,
  type FileOptions,
  Response,
  type StreamBody,
} from "./message/response.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./message/standard-schema.ts";
export type { Method } from "./app/router.ts";
export type { CloseOptions, ListenOptions, Server, UpgradeHandler } from "./server/options.ts";
export {
  formatEvent,
  type ServerSentEvent,
  sse,
  type SseContext,
  type SseOptions,
  type SseSource,
} from "./message/event-stream.ts";
export type { FetchOptions } from "./server/web-fetch.ts";
export { staticFiles, type StaticFilesHandler, type StaticFilesOptions } from "./files/static-files.ts";
export { type Status, STATUS_CODE_REASON_PHRASE } from "./http/status.ts";
export {
  type InProcessOptions,
  type SocketOptions,
  TestClient,
  type TestClientOptions,
} from "./testing/test-client.ts";
export type { MultipartFields, TestRequest, Upgraded } from "./testing/test-request.ts";
export type { TestResponse } from "./testing/test-response.ts";
export type { Responder } from "./server/begin-response.ts";
export { trustProxy, type TrustProxy, type TrustProxyRule } from "./server/trust-proxy.ts";
