// Answers for clients that node:http cannot understand.
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** The answer that the socket is sending or waits for; node:http keeps it there. */
type Busy = Socket & { readonly _httpMessage?: ServerResponse | null };

/** Those that were refused: the parser says the same again for whatever comes after. */
const refused = new WeakSet<Duplex>();

/**
 * Answers what node:http's parser refused: too large, too slow, or no HTTP. What was asked before is answered first.
 */
export function refuseClient(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (refused.has(socket)) return;
  const { code = "" } = error;
  if (!code.startsWith("HPE_") && code !== "ERR_HTTP_REQUEST_TIMEOUT") {
    socket.destroy();
    return;
  }
  refused.add(socket);
  const statuses: Readonly<Record<string, string>> = {
    HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
    HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  };
  refuseInTurn(statuses[code] ?? "400 Bad Request", socket);
}

function refuseInTurn(status: string, socket: Duplex): void {
  if (socket.destroyed || socket.writableEnded) return;
  const { _httpMessage: current } = socket as Busy;
  if (current && (current.writableEnded || current.req.complete)) {
    current.once("close", () => refuseInTurn(status, socket));
  } else if (current?.headersSent) {
    // Its body was refused: whatever is written now would be taken for a part of its answer.
    socket.destroy();
  } else {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    // A client that goes on sending is not waited for.
    setTimeout(() => socket.destroy(), 1000).unref();
  }
}

/** Refuses versions that node:http lets through and answers as if they were 1.1. */
export function refuseVersion(outgoing: ServerResponse): void {
  outgoing.writeHead(505, { Connection: "close", "Content-Length": "0" }).end();
}
