// A file in a form: read once, while it arrives.
import { open, unlink } from "node:fs/promises";
import { readAll } from "./body.ts";

/**
 * A file of a form. Read it, in one of three ways, before the next part is asked for: then it is passed over.
 *
 * Everything that it says of itself was written by the client.
 */
export class MultipartFile {
  readonly kind = "file" as const;
  /** The name of the form's field. */
  readonly name: string;
  /**
   * The last segment of the client's name for it; empty when no file was chosen. Show it, but save under a name of your own:
   * it may be the name of a file that exists, or one that your system gives a meaning to.
   */
  readonly filename: string;
  /** As the client says, unchecked; `application/octet-stream` when it does not. */
  readonly contentType: string;
  readonly #bytes: AsyncGenerator<Uint8Array, void, void>;
  #state: "untouched" | "taken" | "passed over" = "untouched";

  constructor(
    name: string,
    filename: string,
    contentType: string,
    bytes: AsyncGenerator<Uint8Array, void, void>,
  ) {
    this.name = name;
    this.filename = filename;
    this.contentType = contentType;
    this.#bytes = bytes;
  }

  /**
   * The content, chunk by chunk, as fast as it is read.
   *
   * @throws TypeError when it was taken already. While iterating: HttpError 413 over a limit, 400 when it was cut off.
   */
  get stream(): AsyncIterable<Uint8Array> {
    if (this.#state === "taken") {
      throw new TypeError(`The file "${this.filename}" was read already; a file can be read once`);
    }
    if (this.#state === "passed over") throw this.#tooLate();
    this.#state = "taken";
    return this.#read();
  }

  /** The whole content. Throws as {@link stream} does. */
  bytes(): Promise<Uint8Array> {
    return readAll(this.stream);
  }

  /**
   * Writes the content into a new file that only this user may read, and gives its count of bytes. When anything goes
   * wrong, nothing is left behind. Throws as {@link stream} does, and as the file system does: `EEXIST` for a file that
   * is there.
   */
  async saveTo(path: string): Promise<number> {
    const { stream } = this;
    const file = await open(path, "wx", 0o600);
    let count = 0;
    try {
      for await (const chunk of stream) {
        await file.writeFile(chunk);
        count += chunk.byteLength;
      }
      await file.close();
    } catch (error) {
      await file.close().catch(ignore);
      await unlink(path).catch(ignore);
      throw error;
    }
    return count;
  }

  /** For the form: the next part is asked for. */
  async passOver(): Promise<void> {
    this.#state = "passed over";
    await this.#bytes.return().catch(ignore);
  }

  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of this.#bytes) {
      if (this.#state === "passed over") throw this.#tooLate();
      yield chunk;
    }
    if (this.#state === "passed over") throw this.#tooLate();
  }

  #tooLate(): TypeError {
    return new TypeError(
      `The file "${this.filename}" was passed over, because the next part was asked for; read it before that`,
    );
  }
}

function ignore(): void {}
