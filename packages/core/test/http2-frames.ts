// A client of HTTP/2 that sends whatever frames it is told to: what no library would let out.
import { connect, type TLSSocket } from "node:tls";

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 1;
export const END_HEADERS = 4;

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** `GET /` for the host `a`, in HPACK: three entries of the static table, and a literal. */
export const GET: Buffer = Buffer.from([0x82, 0x84, 0x87, 0x41, 1, 97]);
/** `POST /`, the same. */
export const POST: Buffer = Buffer.from([0x83, 0x84, 0x87, 0x41, 1, 97]);

/** @see https://www.rfc-editor.org/rfc/rfc9113#section-4.1 */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A frame whose payload is one number of 32 bits. */
export function frameOf(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame(type, 0, stream, payload);
}

/** A field that goes into the dynamic table, with a name of its own. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x40]), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const { length } = bytes;
  if (length < 127) return Buffer.concat([Buffer.from([length]), bytes]);
  const rest = length - 127;
  return Buffer.concat([Buffer.from([127, (rest & 127) | 128, rest >> 7]), bytes]);
}

export interface FrameClient {
  readonly socket: TLSSocket;
  /** Sends bytes; resolves when the system has taken them, or the connection is gone. */
  readonly send: (...frames: readonly Uint8Array[]) => Promise<void>;
  /** Frames of this type that came, by their streams. */
  readonly received: (type: number) => readonly { readonly stream: number; readonly payload: Buffer }[];
  readonly closed: Promise<void>;
}

export async function openFrames(url: string, ca: string): Promise<FrameClient> {
  const { hostname, port } = new URL(url);
  const socket = connect({
    host: hostname,
    port: Number(port),
    ca,
    ALPNProtocols: ["h2"],
    servername: "localhost",
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
  });
  let bytes = Buffer.alloc(0);
  const frames: { type: number; stream: number; payload: Buffer }[] = [];
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.byteLength >= 9 && bytes.byteLength >= 9 + bytes.readUIntBE(0, 3)) {
      const length = bytes.readUIntBE(0, 3);
      const payload = bytes.subarray(9, 9 + length);
      frames.push({ type: bytes[3] as number, stream: bytes.readUInt32BE(5), payload });
      bytes = bytes.subarray(9 + length);
    }
  });
  const send = (...parts: readonly Uint8Array[]): Promise<void> =>
    Promise.race([
      closed,
      new Promise<void>((resolve) => {
        socket.write(Buffer.concat(parts), () => resolve());
      }),
    ]);
  await new Promise<void>((resolve) => {
    socket.once("secureConnect", resolve);
  });
  await send(PREFACE, frame(SETTINGS, 0, 0));
  return { socket, send, closed, received: (type) => frames.filter((one) => one.type === type) };
}
