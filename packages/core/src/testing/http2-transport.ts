// A test's requests over HTTP/2.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { SecureContextOptions } from "node:tls";
import { readAll } from "../message/body.ts";
import { findHeader } from "../http/header.ts";
import { type Incoming, type Outgoing, pairs, sendBody, type Transport } from "./test-transport.ts";

/** Sends requests to a server over one HTTP/2 connection, which does not keep the process alive. */
export function overHttp2(url: string, tls: SecureContextOptions): Transport {
  const base = new URL(url);
  let session: ClientHttp2Session | undefined;
  const sessionOf = (): ClientHttp2Session => {
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(base, tls);
      session.on("error", ignore);
      session.unref();
    }
    return session;
  };
  return {
    base,
    carry: async (outgoing) => {
      const stream = sessionOf().request(headersOf(outgoing, base), {
        endStream: outgoing.body === undefined,
        ...(outgoing.signal !== undefined && { signal: outgoing.signal }),
      });
      // The answer that is to come keeps the process alive.
      stream.session?.ref();
      try {
        const answer = answerOf(stream);
        if (outgoing.body !== undefined)
          sendBody(stream, outgoing.body).catch((error) => stream.destroy(error));
        return await answer;
      } finally {
        session?.unref();
      }
    },
  };
}

function answerOf(stream: ClientHttp2Stream): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    let answered = false;
    const wholeAnswer = async (head: IncomingHttpHeaders & IncomingHttpStatusHeader, raw: string[]) => {
      const bytes = await readAll(stream);
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) throw new Error("The answer was cut off: aborted");
      return {
        statusCode: head[":status"] ?? 0,
        reasonPhrase: "",
        headers: pairs(raw).filter(({ name }) => !name.startsWith(":")),
        bytes,
      };
    };
    stream
      .on("error", reject)
      // A connection that is cut ends its streams without an error.
      .on("close", () => answered || reject(new Error("The connection was cut: aborted")))
      .on("response", (head, _flags, raw: string[]) => {
        answered = true;
        wholeAnswer(head, raw).then(resolve, reject);
      });
  });
}

function headersOf({ method, target, headers }: Outgoing, base: URL): OutgoingHttpHeaders {
  const fields: Record<string, string | string[]> = {
    ":method": method,
    ":path": target,
    ":scheme": "https",
    ":authority": findHeader(headers, "host") ?? base.host,
  };
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    // How the message is framed is HTTP/2's to say.
    if (["host", "connection", "transfer-encoding"].includes(lower)) continue;
    const earlier = fields[lower];
    fields[lower] = earlier === undefined ? value : [earlier, value].flat();
  }
  return fields;
}

function ignore(): void {}
