// A test's request, put together step by step.
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { CookieStore } from "./cookie-store.ts";
import { findHeader, Header, isSameName } from "../http/header.ts";
import { TestResponse } from "./test-response.ts";
import type { Outgoing, Transport } from "./test-transport.ts";

/** The fields of a form with files: text, a `File`, or several of them under one name. */
export type MultipartFields = FormData | Readonly<Record<string, FormValue | readonly FormValue[]>>;
type FormValue = string | Blob;

/** What came of a request for another protocol. */
export interface Upgraded {
  /** 101 when the server agreed; anything else is its whole answer. */
  readonly response: TestResponse;
  /** The connection, when the server agreed. Its taker ends it. */
  readonly socket: Duplex | undefined;
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
  #form: FormData | undefined;
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

  /** A body as an HTML form with files sends it. */
  multipart(fields: MultipartFields): this {
    this.#form = fields instanceof FormData ? fields : formOf(fields);
    return this;
  }

  /** Any body. One that is produced while it is sent has no `Content-Length`. */
  body(body: string | Uint8Array | AsyncIterable<Uint8Array>, contentType?: string): this {
    this.#body = body;
    this.#form = undefined;
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
    if (this.#form !== undefined) await this.#encodeForm(this.#form);
    let method = this.#method;
    let target = this.#target;
    let headers = this.#headers;
    let body = this.#body;
    for (let redirects = 0; ; redirects += 1) {
      const url = urlOf(target, base);
      const incoming = await carry(this.#outgoing(url, { method, target, headers, body }));
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

  /**
   * Asks for another protocol, over a real socket: `TestClient.over`. Cookies go with it.
   *
   * @throws Error in process, where there is no connection to hand over, and over HTTP/2, which has no upgrades.
   */
  async upgrade(protocol = "websocket"): Promise<Upgraded> {
    const { base, upgrade } = this.#transport;
    if (upgrade === undefined) {
      throw new Error(
        "TestClient: an upgrade needs a connection of HTTP/1.1; use TestClient.over(server.url)",
      );
    }
    this.header("Connection", "Upgrade").header("Upgrade", protocol);
    if (protocol === "websocket" && findHeader(this.#headers, "sec-websocket-key") === undefined) {
      this.header("Sec-WebSocket-Version", "13").header(
        "Sec-WebSocket-Key",
        randomBytes(16).toString("base64"),
      );
    }
    const url = urlOf(this.#target, base);
    const request = { method: this.#method, target: this.#target, headers: this.#headers, body: undefined };
    const { socket, ...incoming } = await upgrade(this.#outgoing(url, request));
    const response = new TestResponse(incoming);
    for (const received of response.cookies) this.#cookies.receive(received, url);
    return { response, socket };
  }

  /** With the cookies that go there, unless the request has its own. */
  #outgoing(url: URL, request: Omit<Outgoing, "signal">): Outgoing {
    const cookie = this.#cookies.header(url);
    const { headers } = request;
    const hasOwn = cookie === undefined || findHeader(headers, "cookie") !== undefined;
    return {
      ...request,
      headers: hasOwn ? headers : [...headers, new Header("Cookie", cookie)],
      signal: this.#signal,
    };
  }

  /** The platform's own encoder is the one that browsers share. */
  async #encodeForm(form: FormData): Promise<void> {
    const encoded = new globalThis.Response(form);
    const bytes = new Uint8Array(await encoded.arrayBuffer());
    this.body(bytes, encoded.headers.get("content-type") ?? "multipart/form-data");
  }
}

function formOf(fields: Exclude<MultipartFields, FormData>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) form.append(name, one);
  }
  return form;
}

function without(headers: Header[], name: string): Header[] {
  return headers.filter((header) => !isSameName(header.name, name));
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
