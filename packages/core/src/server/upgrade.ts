// Hands a connection over to whoever takes upgrades.
import type { IncomingMessage, Server as HttpServer } from "node:http";
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
    const name = rawHeaders[index] as string;
    const value = rawHeaders[index + 1] as string;
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

/** Runs the handler; what it throws is logged, and the socket cut. */
export async function runUpgrade(
  upgrade: UpgradeHandler,
  req: Request,
  conn: ConnectionInfo,
  raw: Parameters<UpgradeHandler>[2],
): Promise<void> {
  raw.socket.on("error", ignore);
  try {
    await upgrade(req, conn, raw);
  } catch (error) {
    logError(`The upgrade of ${req.method} failed, request id ${req.id}`, error);
    raw.socket.destroy();
  }
}

function ignore(): void {}
