// A client that sends whatever bytes it is told: what no HTTP library would let out.
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RawConnection {
  readonly socket: Socket;
  /** Everything that came, once the server has closed the connection. */
  readonly closed: Promise<string>;
  /** Everything that has come until now. */
  readonly received: () => string;
  readonly write: (text: string | Uint8Array) => void;
  /** Resolves as soon as what came matches. */
  readonly until: (pattern: RegExp) => Promise<string>;
}

export function openRaw(url: string): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let text = "";
  const waiting = new Set<() => void>();
  socket
    .on("error", () => {})
    .on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (const check of waiting) check();
    });
  const closed = new Promise<string>((resolve) => {
    socket.on("end", () => socket.end()).on("close", () => resolve(text));
  });
  return {
    socket,
    closed,
    received: () => text,
    write: (bytes) => void socket.write(bytes),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!pattern.test(text)) return;
          waiting.delete(check);
          resolve(text);
        };
        waiting.add(check);
        void closed.then(() => reject(new Error(`The connection was closed after ${JSON.stringify(text)}`)));
        check();
      }),
  };
}

/** Sends bytes, and gives what comes until the server closes the connection. */
export function sendRaw(url: string, text: string | Uint8Array): Promise<string> {
  const connection = openRaw(url);
  connection.write(text);
  return connection.closed;
}

/** Takes the answers in a connection's bytes apart; each must have a Content-Length or be the last. */
export function parseAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    const [statusLine = "", ...lines] = rest.slice(0, end).split("\r\n");
    const headers = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const bodiless = status < 200 || status === 204 || status === 304;
    const length = bodiless ? 0 : Number(headers.get("content-length") ?? rest.length);
    answers.push({ status, headers, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return answers;
}
