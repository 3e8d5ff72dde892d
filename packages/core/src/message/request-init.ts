// What a request is made from, by an engine or a test.
import type { BodySource } from "./body.ts";
import type { Header } from "../http/header.ts";
import type { OnClosing } from "./on-closing.ts";

/** What an engine, or a test, makes a request from. Getters are read when the request is asked, once. */
export interface RequestInit {
  readonly method: string;
  /** The request target as sent: `/path?query`, `*`, or an absolute URL. */
  readonly url: string;
  /** `"1.1"` unless given. */
  readonly httpVersion?: string;
  readonly headers?: readonly Header[];
  /** Names and values in turn, as an engine may have them; goes before `headers`. */
  readonly rawHeaders?: readonly string[];
  readonly body?: string | Uint8Array | BodySource | undefined;
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal;
  /** Whether the client has left, where that is known without {@link signal}, which may cost something. */
  readonly isClosed?: boolean;
  /** Calls back when the server takes no more requests; gives what takes that back. */
  readonly onClosing?: OnClosing | undefined;
}

/** The body as an engine hands it over, whatever it is. */
export function sourceOf(body: RequestInit["body"]): BodySource {
  if (body === undefined) return iterate([]);
  if (typeof body === "string") return iterate([Buffer.from(body)]);
  return body instanceof Uint8Array ? iterate([body]) : body;
}

/** The ways in which a request can end before it has its answer. */
export interface Ending {
  readonly client: AbortSignal | undefined;
  readonly controller: AbortController;
  readonly signal: AbortSignal;
}

export function endingOf(client: AbortSignal | undefined): Ending {
  const controller = new AbortController();
  const { signal } = controller;
  return { client, controller, signal: client === undefined ? signal : AbortSignal.any([client, signal]) };
}

/** Fields of names and values in turn. */
export function pairs(raw: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    headers.push({ name: raw[index] ?? "", value: raw[index + 1] ?? "" });
  }
  return headers;
}

async function* iterate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, void> {
  yield* chunks;
}
