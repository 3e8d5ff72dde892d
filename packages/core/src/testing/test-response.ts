// What came back to a test.
import { parseSetCookie, type ReceivedCookie } from "./cookie-store.ts";
import { findHeader, type Header, isSameName } from "../http/header.ts";
import type { Incoming } from "./test-transport.ts";

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

  /** The target of a redirect to the same server. */
  redirectFrom(url: URL): URL | undefined {
    const location = this.header("location");
    if (location === undefined || ![301, 302, 303, 307, 308].includes(this.status)) return undefined;
    const next = new URL(location, url);
    return next.host === url.host ? next : undefined;
  }
}
