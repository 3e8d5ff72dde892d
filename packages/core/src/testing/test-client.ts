// A browser for tests: sends requests to an app, keeps the cookies, and follows redirects when it is told to.
import type { SecureContextOptions } from "node:tls";
import type { Peer } from "../message/connection.ts";
import { CookieStore, parseSetCookie, type ReceivedCookie } from "./cookie-store.ts";
import { type Check, type Checks, checkOptions, isBoolean, objectThat, oneOf } from "../options/check.ts";
import { findHeader, Header, isSameName } from "../http/header.ts";
import { overHttp2 } from "./http2-transport.ts";
import { type Incoming, inProcess, overSocket, type Transport } from "./test-transport.ts";
import type { Responder } from "../server/begin-response.ts";
import type { TrustProxy } from "../server/trust-proxy.ts";

export interface TestClientOptions {
  /** Fields of every request. */
  headers?: Readonly<Record<string, string>>;
  /**
   * What the browser speaks, which decides on `Secure` cookies. As the connection says unless given: give `"https"` where
   * a proxy before the app ends TLS.
   */
  scheme?: "http" | "https";
}

export interface SocketOptions extends TestClientOptions {
  /** Certificates to trust, and one of the client's own, as `node:tls` takes them. */
  tls?: Pick<SecureContextOptions, "ca" | "cert" | "key">;
  /** Speaks HTTP/2, over TLS. Off unless given. */
  http2?: boolean;
}

export interface InProcessOptions extends TestClientOptions {
  /** The connection that requests come over; unencrypted, from 127.0.0.1, unless given. */
  peer?: Partial<Omit<Peer, "trust">>;
  /** As in `listen`. */
  trustProxy?: TrustProxy;
}

const GIVEN: Check = () => {};
const CLIENT_OPTIONS: Checks = { headers: objectThat("an object"), scheme: oneOf("http", "https") };
const SOCKET_OPTIONS: Checks = { ...CLIENT_OPTIONS, tls: objectThat("an object"), http2: isBoolean };
const IN_PROCESS_OPTIONS: Checks = { ...CLIENT_OPTIONS, peer: objectThat("an object"), trustProxy: GIVEN };

/**
 * Sends requests to an app without a socket. Cookies are kept from one request to the next, as a browser keeps them.
 *
 *     const client = new TestClient(app);
 *     const answer = await client.post("/login").form({ user: "ann" }).send();
 */
export class TestClient {
  readonly #transport: Transport;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #cookies = new CookieStore();

  constructor(app: Responder, options?: InProcessOptions);
  constructor(target: Responder | Transport, options: InProcessOptions = {}) {
    if (!("carry" in target)) checkOptions("TestClient", options, IN_PROCESS_OPTIONS);
    const transport =
      "carry" in target ? target : inProcess(target, options.peer ?? {}, options.trustProxy ?? false);
    this.#transport = options.scheme === undefined ? transport : withScheme(transport, options.scheme);
    this.#headers = options.headers ?? {};
  }

  /** A client of a server that listens at this URL, for tests that need a real socket. */
  static over(url: string, options: SocketOptions = {}): TestClient {
    checkOptions("TestClient.over", options, SOCKET_OPTIONS);
    const { http2 = false, tls = {} } = options;
    const transport = http2 ? overHttp2(url, tls) : overSocket(url, tls);
    return new TestClient(transport as Transport & Responder, options);
  }

  get(target: string): TestRequest {
    return this.request("GET", target);
  }

  head(target: string): TestRequest {
    return this.request("HEAD", target);
  }

  post(target: string): TestRequest {
    return this.request("POST", target);
  }

  put(target: string): TestRequest {
    return this.request("PUT", target);
  }

  patch(target: string): TestRequest {
    return this.request("PATCH", target);
  }

  delete(target: string): TestRequest {
    return this.request("DELETE", target);
  }

  options(target: string): TestRequest {
    return this.request("OPTIONS", target);
  }

  /** A request with any method. The target is a path with its query, sent as it is. */
  request(method: string, target: string): TestRequest {
    const request = new TestRequest(this.#transport, this.#cookies, method, target);
    for (const [name, value] of Object.entries(this.#headers)) request.header(name, value);
    return request;
  }

  /** The value of the cookie that a request to this path would carry. */
  cookie(name: string, path = "/"): string | undefined {
    return this.#cookies.get(name, new URL(path, this.#transport.base));
  }

  /** Sets a cookie for all paths, as if a response had. */
  setCookie(name: string, value: string): this {
    this.#cookies.receive({ name, value, attributes: new Map([["path", "/"]]) }, this.#transport.base);
    return this;
  }

  /** Forgets all cookies. */
  clearCookies(): this {
    this.#cookies.clear();
    return this;
  }
}

/** A request in the making; {@link TestRequest.send} sends it, as often as it is called. */
export class TestRequest {
  readonly #transport: Transport;
  readonly #cookies: CookieStore;
  readonly #method: string;
  readonly #target: string;
  #headers: Header[] = [];
  #body: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
  #signal: AbortSignal | undefined;
  #redirects = 0;

  /** For {@link TestClient.request}. */
  constructor(transport: Transport, cookies: CookieStore, method: string, target: string) {
    this.#transport = transport;
    this.#cookies = cookies;
    this.#method = method;
    this.#target = target;
  }

  /** Sets a field, in place of those of the same name. A `Cookie` set here goes before the cookies that are kept. */
  header(name: string, value: string): this {
    this.#headers = without(this.#headers, name);
    this.#headers.push(new Header(name, value));
    return this;
  }

  /** A body in JSON. */
  json(value: unknown): this {
    return this.body(JSON.stringify(value), "application/json");
  }

  /** A body as an HTML form sends it. */
  form(fields: Readonly<Record<string, string>> | URLSearchParams): this {
    return this.body(new URLSearchParams(fields).toString(), "application/x-www-form-urlencoded");
  }

  /** Any body. One that is produced while it is sent has no `Content-Length`. */
  body(body: string | Uint8Array | AsyncIterable<Uint8Array>, contentType?: string): this {
    this.#body = body;
    this.#headers = without(without(this.#headers, "content-length"), "transfer-encoding");
    if (contentType !== undefined) this.header("Content-Type", contentType);
    return typeof body === "string" || body instanceof Uint8Array
      ? this.header("Content-Length", String(Buffer.byteLength(body)))
      : this.header("Transfer-Encoding", "chunked");
  }

  /** Leaves, as a client that hangs up, when the signal aborts. */
  signal(signal: AbortSignal): this {
    this.#signal = signal;
    return this;
  }

  /** Follows this many redirects, as long as they stay on this server. */
  follow(most = 10): this {
    this.#redirects = most;
    return this;
  }

  /**
   * @throws Error when the answer is cut off, or when the client has left.
   */
  async send(): Promise<TestResponse> {
    const { base, carry } = this.#transport;
    let method = this.#method;
    let target = this.#target;
    let headers = this.#headers;
    let body = this.#body;
    for (let redirects = 0; ; redirects += 1) {
      const url = urlOf(target, base);
      const cookie = this.#cookies.header(url);
      const hasOwn = findHeader(headers, "cookie") !== undefined;
      const sent = cookie === undefined || hasOwn ? headers : [...headers, new Header("Cookie", cookie)];
      const incoming = await carry({ method, target, headers: sent, body, signal: this.#signal });
      const response = new TestResponse(incoming);
      for (const received of response.cookies) this.#cookies.receive(received, url);

      const next = redirects < this.#redirects ? response.redirectFrom(url) : undefined;
      if (next === undefined) return response;
      target = next.pathname + next.search;
      if (becomesGet(response.status, method)) {
        method = "GET";
        body = undefined;
        headers = ["content-length", "content-type", "transfer-encoding"].reduce(without, headers);
      }
    }
  }
}

/** A whole answer. */
export class TestResponse {
  readonly status: number;
  readonly reasonPhrase: string;
  readonly headers: readonly Header[];
  readonly bytes: Uint8Array;

  constructor({ statusCode, reasonPhrase, headers, bytes }: Incoming) {
    this.status = statusCode;
    this.reasonPhrase = reasonPhrase;
    this.headers = headers;
    this.bytes = bytes;
  }

  /** The value of the first field of this name. */
  header(name: string): string | undefined {
    return findHeader(this.headers, name);
  }

  /** The values of all fields of this name. */
  headerAll(name: string): string[] {
    return this.headers.filter((header) => isSameName(header.name, name)).map((header) => header.value);
  }

  text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  /** The body, parsed from JSON. The type is the test's to know. */
  json<Value = unknown>(): Value {
    return JSON.parse(this.text()) as Value;
  }

  /** The cookies that this answer sets, those that it deletes included. */
  get cookies(): ReceivedCookie[] {
    return this.headerAll("set-cookie").map(parseSetCookie);
  }

  /** The cookie of this name that this answer sets. */
  cookie(name: string): ReceivedCookie | undefined {
    return this.cookies.find((cookie) => cookie.name === name);
  }

  /** Where it sends the client, if that is on the same server. */
  redirectFrom(url: URL): URL | undefined {
    const location = this.header("location");
    if (location === undefined || ![301, 302, 303, 307, 308].includes(this.status)) return undefined;
    const next = new URL(location, url);
    return next.host === url.host ? next : undefined;
  }
}

function without(headers: Header[], name: string): Header[] {
  return headers.filter((header) => !isSameName(header.name, name));
}

function withScheme({ base, carry }: Transport, scheme: "http" | "https"): Transport {
  return { base: new URL(`${scheme}://${base.host}`), carry };
}

/** @see https://fetch.spec.whatwg.org/#http-redirect-fetch */
function becomesGet(status: number, method: string): boolean {
  return status === 303
    ? method !== "GET" && method !== "HEAD"
    : (status === 301 || status === 302) && method === "POST";
}

/** Targets may be malformed: that is what they test. */
function urlOf(target: string, base: URL): URL {
  return URL.canParse(target, base) ? new URL(target, base) : base;
}
