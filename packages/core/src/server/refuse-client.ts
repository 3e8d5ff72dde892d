// What is said to whom node:http cannot understand.
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Answers what node:http's parser refused: too large, too slow, or no HTTP. */
export function refuseClient(error: NodeJS.ErrnoException, socket: Duplex): void {
  const status = {
    HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
    HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  }[error.code ?? ""];
  // Into the middle of an answer nothing can be written: the client would take it for a part of that answer.
  const { _httpMessage: current } = socket as Socket & { _httpMessage?: ServerResponse };
  if (!socket.writable || error.code === "ECONNRESET" || current?.headersSent) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${status ?? "400 Bad Request"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  // A client that goes on sending is not waited for.
  setTimeout(() => socket.destroy(), 1000).unref();
}
