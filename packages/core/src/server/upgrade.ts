// Hands a connection over to whoever takes upgrades.
import type { IncomingMessage, Server as HttpServer } from "node:http";
import { assertHeader } from "../http/header.ts";
import { HttpError } from "../http/http-error.ts";
import { reasonPhraseOf } from "../http/status.ts";
import type { ConnectionInfo } from "../message/connection.ts";
import type { Request } from "../message/request.ts";
import type { UpgradeHandler } from "./options.ts";
import { logError } from "../message/log-error.ts";

/** Protocols that nobody takes over a socket for: HTTP/2 is spoken over TLS alone, and TLS begins with a connection. */
const NOT_TAKEN = /^(?:h2c|tls)(?:\/|$)/;

/**
 * Whether a request asks for an upgrade that somebody may take. What a client offers for the sake of HTTP/2, as `curl --http2`
 * does with every request, is to be passed over, and so is everything that HTTP/1.0 asks for.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.8
 */
export function asksForUpgrade({ headers, httpVersion }: IncomingMessage): boolean {
  const protocols = (headers.upgrade ?? "").split(",").map((one) => one.trim().toLowerCase());
  return httpVersion === "1.1" && protocols.some((protocol) => protocol !== "" && !NOT_TAKEN.test(protocol));
}

/** Tells node:http which upgrades are told of, where it can be told: since 24.9 and 22.21. */
export function onlyWhen(http: HttpServer, isWanted: (incoming: IncomingMessage) => boolean): void {
  if ("shouldUpgradeCallback" in http) Object.assign(http, { shouldUpgradeCallback: isWanted });
}

/**
 * For a Node that cannot be told. The bytes of a request without its wish for an upgrade, for the server to read it as any other: node:http has let go of the
 * connection when it tells of an upgrade.
 */
export function withoutUpgrade(
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  head: Buffer,
): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    switch (name.toLowerCase()) {
      case "upgrade":
      case "http2-settings":
        break;
      case "connection": {
        const others = value.split(",").filter((one) => !/^\s*(?:upgrade|http2-settings)\s*$/i.test(one));
        if (others.length > 0) text += `${name}: ${others.join(",")}\r\n`;
        break;
      }
      default:
        text += `${name}: ${value}\r\n`;
    }
  }
  return Buffer.concat([Buffer.from(`${text}\r\n`, "latin1"), head]);
}

/** Runs the handler; an `HttpError` is answered, everything else that it throws is logged, and the socket cut. */
export async function runUpgrade(
  upgrade: UpgradeHandler,
  req: Request,
  conn: ConnectionInfo,
  raw: Parameters<UpgradeHandler>[2],
): Promise<void> {
  raw.socket.on("error", ignore);
  const { bytesWritten } = raw.incoming.socket;
  try {
    await upgrade(req, conn, raw);
  } catch (error) {
    // Once the handler has spoken another protocol, an answer would be noise in it.
    const isSilent = raw.incoming.socket.bytesWritten === bytesWritten;
    const refusal = isSilent ? refusalOf(error) : undefined;
    if (refusal !== undefined) return void raw.socket.end(refusal, "latin1");
    logError(`The upgrade of ${req.method} failed, request id ${req.id}`, error);
    raw.socket.destroy();
  }
}

/** An `HttpError` as an answer that closes the connection; `undefined` for everything else that may be thrown. */
function refusalOf(error: unknown): string | undefined {
  try {
    return error instanceof HttpError ? answerOf(error) : undefined;
  } catch {
    // A proxy that was revoked cannot even be asked what it is, and a field may be malformed.
    return undefined;
  }
}

function answerOf({ statusCode, detail, headers }: HttpError): string {
  const body = JSON.stringify({ title: reasonPhraseOf(statusCode), status: statusCode, detail });
  const fields = [
    ...headers,
    { name: "Content-Type", value: "application/problem+json" },
    { name: "Content-Length", value: String(Buffer.byteLength(body)) },
    { name: "Connection", value: "close" },
  ];
  for (const { name, value } of fields) assertHeader(name, value);
  const lines = fields.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  const head = `HTTP/1.1 ${statusCode} ${reasonPhraseOf(statusCode)}\r\n${lines}\r\n`;
  return head + Buffer.from(body).toString("latin1");
}

function ignore(): void {}
