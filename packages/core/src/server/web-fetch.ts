// The bridge to the web platform's Request and Response.
import type { Application } from "../app/application.ts";
import { ConnectionInfo, type Peer, type ProxyTrust } from "../message/connection.ts";
import { announceEnd } from "../message/diagnostics.ts";
import { Request } from "../message/request.ts";
import { isStream } from "../message/response.ts";
import type { Chunks } from "../message/stream.ts";
import { respondBegun } from "./begin-response.ts";
import { trustProxy, type TrustProxy } from "./trust-proxy.ts";

export interface FetchOptions {
  /** The connection that the request came over. The default is loopback, encrypted where the URL says https. */
  peer?: Partial<Omit<Peer, "trust">> | undefined;
  /** Which proxies' word is taken for the client's address, scheme and host; none unless given. */
  trustProxy?: TrustProxy | undefined;
}

/** Rules are the same with every request; those that are objects are compiled once. */
const rules = new WeakMap<object, ProxyTrust | undefined>();

function compiled(rule: TrustProxy): ProxyTrust | undefined {
  if (typeof rule !== "object") return trustProxy(rule);
  if (!rules.has(rule)) rules.set(rule, trustProxy(rule));
  return rules.get(rule);
}

/** Runs a web-standard request through an app. */
export async function handleFetch<State>(
  app: Application<State>,
  request: globalThis.Request,
  { peer, trustProxy: rule }: FetchOptions = {},
): Promise<globalThis.Response> {
  const url = new URL(request.url);
  const rawHeaders = ["Host", url.host];
  for (const [name, value] of request.headers) {
    if (name !== "host") rawHeaders.push(name, value);
  }
  const req = new Request({
    method: request.method,
    url: url.pathname + url.search,
    rawHeaders,
    body: request.body ?? undefined,
    signal: request.signal,
    onClosing: peer?.onClosing,
  });
  const conn = new ConnectionInfo(
    { encrypted: url.protocol === "https:", ...peer, trust: rule === undefined ? undefined : compiled(rule) },
    req,
  );
  const { final, chunks } = await respondBegun(app, req, conn);
  const { statusCode, reasonPhrase, headers, body } = final;
  announceEnd(req, conn, statusCode);

  const webHeaders = new Headers();
  for (let index = 0; index < headers.length; index += 2) {
    webHeaders.append(headers[index] ?? "", headers[index + 1] ?? "");
  }
  const webBody = isStream(body) ? chunks && toWebStream(chunks) : body;
  const isEmpty = webBody === undefined || statusCode === 205;
  return new globalThis.Response(
    isEmpty ? null : (webBody as Exclude<typeof webBody, Uint8Array> | Uint8Array<ArrayBuffer>),
    {
      status: statusCode,
      statusText: reasonPhrase,
      headers: webHeaders,
    },
  );
}

function toWebStream(chunks: Chunks): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else if (value.byteLength > 0) {
        // A copy: the queue takes the bytes' memory away from whoever made them.
        controller.enqueue(new Uint8Array(value));
      } else await this.pull?.(controller);
    },
    cancel: () => chunks.cancel(),
  });
}
