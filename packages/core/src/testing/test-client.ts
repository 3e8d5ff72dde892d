// A browser for tests: sends requests to an app, keeps the cookies, and follows redirects when it is told to.
import type { SecureContextOptions } from "node:tls";
import type { Peer } from "../message/connection.ts";
import { CookieStore } from "./cookie-store.ts";
import { type Check, type Checks, checkOptions, isBoolean, objectThat, oneOf } from "../options/check.ts";
import { overHttp2 } from "./http2-transport.ts";
import { TestRequest } from "./test-request.ts";
import { inProcess, overSocket, type Transport } from "./test-transport.ts";
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
  /** Requests come over TLS: short for `peer: { encrypted: true }`. Off unless given. */
  encrypted?: boolean;
  /** The connection that requests come over; unencrypted, from 127.0.0.1, unless given. */
  peer?: Partial<Omit<Peer, "trust">>;
  /** As in `listen`. */
  trustProxy?: TrustProxy;
}

const GIVEN: Check = () => {};
const CLIENT_OPTIONS: Checks = { headers: objectThat("an object"), scheme: oneOf("http", "https") };
const SOCKET_OPTIONS: Checks = { ...CLIENT_OPTIONS, tls: objectThat("an object"), http2: isBoolean };
const IN_PROCESS_OPTIONS: Checks = {
  ...CLIENT_OPTIONS,
  encrypted: isBoolean,
  peer: objectThat("an object"),
  trustProxy: GIVEN,
};

/**
 * Sends requests to an app without a socket. Cookies are kept from one request to the next, as a browser keeps them.
 *
 *     const client = new TestClient(app);
 *     const answer = await client.post("/login").form({ user: "ann" }).send();
 */
export class TestClient {
  readonly #transport: Transport;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #trustProxy: TrustProxy;
  #cookies = new CookieStore();

  constructor(app: Responder, options?: InProcessOptions);
  constructor(target: Responder | Transport, options: InProcessOptions = {}) {
    if (!("carry" in target)) checkOptions("TestClient", options, IN_PROCESS_OPTIONS);
    const { encrypted, trustProxy = false } = options;
    const peer = { ...(encrypted !== undefined && { encrypted }), ...options.peer };
    const transport = "carry" in target ? target : inProcess(target, peer, trustProxy);
    this.#trustProxy = trustProxy;
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

  /**
   * The same browser, with its cookies, at another app in this process: one that sets up what the test needs, such as a login.
   * The other app is at the same address.
   */
  at(app: Responder): TestClient {
    const { base } = this.#transport;
    const peer = { encrypted: base.protocol === "https:" };
    const transport = { ...inProcess(app, peer, this.#trustProxy, base.host), base };
    const other = new TestClient(transport as Transport & Responder);
    other.#cookies = this.#cookies;
    return other;
  }

  /** The value of the cookie that a request to this path would carry. */
  cookie(name: string, path = "/"): string | undefined {
    return this.#cookies.get(name, new URL(path, this.#transport.base));
  }

  /** The `Cookie` field of a request to this path, for clients of another kind, such as one of WebSockets. */
  cookieHeader(path = "/"): string | undefined {
    return this.#cookies.header(new URL(path, this.#transport.base));
  }

  /**
   * Sets a cookie for all paths, as if a response had; over TLS it is `Secure`.
   *
   * @throws Error when a browser would refuse it: a name that begins with `__Host-` or `__Secure-` needs TLS.
   */
  setCookie(name: string, value: string): this {
    const { base } = this.#transport;
    const attributes = new Map([["path", "/"]]);
    if (base.protocol === "https:") attributes.set("secure", "");
    this.#cookies.receive({ name, value, attributes }, base);
    if (this.#cookies.get(name, base) !== value) {
      throw new Error(
        `TestClient: no browser keeps a cookie ${JSON.stringify(name)} from ${base.protocol}//; give encrypted: true, or scheme: "https"`,
      );
    }
    return this;
  }

  /** Forgets all cookies. */
  clearCookies(): this {
    this.#cookies.clear();
    return this;
  }
}

function withScheme({ base, carry }: Transport, scheme: "http" | "https"): Transport {
  return { base: new URL(`${scheme}://${base.host}`), carry };
}
