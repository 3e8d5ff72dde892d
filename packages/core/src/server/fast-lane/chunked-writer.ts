// Writes a body in chunks. @see https://www.rfc-editor.org/rfc/rfc9112#section-7.1
import type { Socket } from "node:net";
import type { Sink } from "../pump.ts";

export class ChunkedWriter implements Sink {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  write(chunk: Uint8Array, flushed: () => void): boolean {
    const socket = this.#socket;
    // A chunk of no bytes would be the last.
    if (chunk.byteLength === 0) {
      queueMicrotask(flushed);
      return !socket.writableNeedDrain;
    }
    socket.cork();
    socket.write(`${chunk.byteLength.toString(16)}\r\n`, "latin1");
    socket.write(chunk);
    const goesOn = socket.write("\r\n", "latin1", flushed);
    socket.uncork();
    return goesOn;
  }

  end(): void {
    this.#socket.write("0\r\n\r\n", "latin1");
  }

  once(event: "close" | "drain", listener: () => void): void {
    this.#socket.once(event, listener);
  }

  off(event: "close" | "drain", listener: () => void): void {
    this.#socket.off(event, listener);
  }
}
