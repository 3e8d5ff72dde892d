// The head of an answer, byte by byte as node:http writes it.
import { isSameName } from "../../http/header.ts";
import type { FinalResponse } from "../../message/prepared-response.ts";

/** How a message is framed, and what becomes of its connection. */
export interface Framing {
  /** Whether the body comes in chunks, as nobody knows its length. */
  readonly chunked: boolean;
  /** `"said"` where a field says it already. */
  readonly connection: "keep-alive" | "close" | "said";
  /** Milliseconds that the connection is kept for a next request; 0 says nothing of it. */
  readonly keepAliveMs: number;
}

export function formatHead({ statusCode, reasonPhrase, headers }: FinalResponse, framing: Framing): string {
  let head = `HTTP/1.1 ${statusCode} ${reasonPhrase}\r\n`;
  const { chunked, connection, keepAliveMs } = framing;
  let dated = false;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    head += `${name}: ${headers[index + 1]}\r\n`;
    if (name.length === 4 && isSameName(name, "date")) dated = true;
  }
  if (!dated) head += dateLine();
  if (connection === "close") head += "Connection: close\r\n";
  if (connection === "keep-alive") head += keepAliveLines(keepAliveMs);
  return `${head}${chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n"}`;
}

let second = Number.NaN;
let date = "";

/** Made anew with each second. */
function dateLine(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = `Date: ${new Date(now * 1000).toUTCString()}\r\n`;
  }
  return date;
}

let keptMs = Number.NaN;
let kept = "";

function keepAliveLines(keepAliveMs: number): string {
  if (keepAliveMs !== keptMs) {
    keptMs = keepAliveMs;
    const timeout = keepAliveMs > 0 ? `Keep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n` : "";
    kept = `Connection: keep-alive\r\n${timeout}`;
  }
  return kept;
}
