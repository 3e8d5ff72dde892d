// The two ways in which a test's requests travel: by a call in this process, or over a socket.
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex, Writable } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { readAll } from "../message/body.ts";
import { ConnectionInfo, type Peer } from "../message/connection.ts";
import { announceEnd } from "../message/diagnostics.ts";
import { findHeader, type Header } from "../http/header.ts";
import { Request } from "../message/request.ts";
import type { Body } from "../message/response.ts";
import type { Chunks } from "../message/stream.ts";
import { type Responder, respondBegun } from "../server/begin-response.ts";
import { trustProxy, type TrustProxy } from "../server/trust-proxy.ts";

export interface Outgoing {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Incoming {
  readonly statusCode: number;
  readonly reasonPhrase: string;
  readonly headers: readonly Header[];
  readonly bytes: Uint8Array;
}

export interface Transport {
  /** What targets are relative to. */
  readonly base: URL;
  /** Rejects when no whole answer comes. */
  readonly carry: (outgoing: Outgoing) => Promise<Incoming>;
  /** Asks for another protocol; gives the connection when the server agrees. Where there is no connection, it is missing. */
  readonly upgrade?: (outgoing: Outgoing) => Promise<Incoming & { readonly socket?: Duplex }>;
}

/** Calls the app. It gets what it would get from a socket: a `Host`, and the length of the body. */
export function inProcess(
  app: Responder,
  peer: Partial<Peer>,
  trust: TrustProxy,
  host = "localhost",
): Transport {
  const known = { ...peer, trust: trustProxy(trust) };
  return {
    base: new URL(peer.encrypted === true ? "https://localhost" : "http://localhost"),
    carry: async ({ method, target, headers, body, signal }) => {
      const init = { method, url: target, headers: withHost(headers, host), body };
      const req = new Request(signal === undefined ? init : { ...init, signal });
      const conn = new ConnectionInfo(known, req);
      const { final, chunks } = await respondBegun(app, req, conn);
      announceEnd(req, conn, final.statusCode);
      return {
        statusCode: final.statusCode,
        reasonPhrase: final.reasonPhrase,
        headers: pairs(final.headers),
        bytes: chunks === undefined ? toBytes(final.body) : await readChunks(chunks),
      };
    },
  };
}

/** Sends requests to a server, through node:http. */
export function overSocket(url: string, tls: SecureContextOptions): Transport {
  const base = new URL(url);
  const request = base.protocol === "https:" ? httpsRequest : httpRequest;
  const begin = ({ method, target, headers, signal }: Outgoing): ClientRequest =>
    request(base, {
      ...tls,
      method,
      path: target,
      headers: withHost(headers, base.host).flatMap(({ name, value }) => [name, value]),
      ...(signal !== undefined && { signal }),
    });
  return {
    base,
    carry: (outgoing) =>
      new Promise((resolve, reject) => {
        const sent = begin(outgoing);
        sent.on("error", reject).on("response", (incoming) => wholeOf(incoming).then(resolve, reject));
        sendBody(sent, outgoing.body).catch(reject);
      }),
    upgrade: (outgoing) =>
      new Promise((resolve, reject) => {
        const sent = begin(outgoing);
        sent
          .on("error", reject)
          .on("response", (incoming) => wholeOf(incoming).then(resolve, reject))
          .on("upgrade", (incoming, socket, head) => {
            if (head.length > 0) socket.unshift(head);
            resolve({ ...headOf(incoming), bytes: new Uint8Array(), socket });
          });
        sent.end();
      }),
  };
}

async function wholeOf(incoming: IncomingMessage): Promise<Incoming> {
  const bytes = await readAll(incoming);
  return { ...headOf(incoming), bytes };
}

function headOf({
  statusCode = 0,
  statusMessage = "",
  rawHeaders,
}: IncomingMessage): Omit<Incoming, "bytes"> {
  return { statusCode, reasonPhrase: statusMessage, headers: pairs(rawHeaders) };
}

function withHost(headers: readonly Header[], host: string): readonly Header[] {
  return findHeader(headers, "host") === undefined ? [{ name: "Host", value: host }, ...headers] : headers;
}

export async function sendBody(outgoing: Writable, body: Outgoing["body"]): Promise<void> {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    outgoing.end(body);
    return;
  }
  for await (const chunk of body) {
    if (outgoing.destroyed) return;
    await new Promise<void>((resolve) => {
      outgoing.write(chunk, () => resolve());
    });
  }
  outgoing.end();
}

function toBytes(body: Body): Uint8Array {
  return typeof body === "string" || body instanceof Uint8Array ? Buffer.from(body) : new Uint8Array();
}

async function readChunks(chunks: Chunks): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return Buffer.concat(read);
    read.push(value);
  }
}

export function pairs(raw: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    headers.push({ name: raw[index] ?? "", value: raw[index + 1] ?? "" });
  }
  return headers;
}
