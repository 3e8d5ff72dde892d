// multipart/form-data as a sequence of parts that are read while they arrive. Dicer, the parser inside of busboy, finds
// the parts; what they mean, their limits and their order are decided here.
import { Dicer } from "@fastify/busboy";
import type { Readable } from "node:stream";
import { decodeUtf8, readAll } from "./body.ts";
import { HttpError } from "../http/http-error.ts";
import { parseExtValue } from "../http/ext-value.ts";
import { parseParameterised } from "../http/field-parameters.ts";
import { type Checks, checkOptions, countOf, limitOf } from "../options/check.ts";
import { MultipartFile } from "./multipart-file.ts";

/** All together may have no more bytes than the request's `bodyLimit`, 1 MiB unless it is raised for the route. */
export interface MultipartOptions {
  /** Most files; 10 unless given. */
  maxFiles?: number;
  /** Most fields that are not files; 100 unless given. */
  maxFields?: number;
  /** Most files and fields together; 100 unless given. */
  maxParts?: number;
  /** Most bytes of one file; no limit but the `bodyLimit` unless given. */
  maxFileBytes?: number;
  /** Most bytes of one field's value; 64 KiB unless given. */
  maxFieldBytes?: number;
  /** Most bytes of one part's header; 4 KiB unless given. */
  maxHeaderBytes?: number;
}

const OPTIONS: Checks = {
  maxFiles: limitOf(" of files"),
  maxFields: limitOf(" of fields"),
  maxParts: limitOf(" of parts"),
  maxFileBytes: limitOf(" of bytes"),
  maxFieldBytes: limitOf(" of bytes"),
  maxHeaderBytes: countOf(" of bytes"),
};

/** @throws TypeError or RangeError that says which option is wrong, and what it takes. */
export function assertMultipartOptions(options: unknown): void {
  checkOptions("req.multipart", options, OPTIONS);
}

/** A field of a form that is no file. */
export interface MultipartField {
  readonly kind: "field";
  readonly name: string;
  readonly value: string;
}

/** A part of a form: `part.kind` tells which. */
export type MultipartPart = MultipartField | MultipartFile;

/** What a part says of itself. */
interface PartHead {
  readonly name: string;
  /** Only files have one, though it may be empty. */
  readonly filename: string | undefined;
  readonly contentType: string;
}

/**
 * Yields the parts of a form in the order of their arrival.
 *
 * @throws HttpError 400 for what is malformed or cut off, 413 for what is over a limit.
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
export async function* parseMultipart(
  contentType: string,
  source: AsyncIterable<Uint8Array>,
  options: MultipartOptions,
): AsyncGenerator<MultipartPart, void, void> {
  const { maxFiles = 10, maxFields = 100, maxParts = 100 } = options;
  const { maxFileBytes = Number.POSITIVE_INFINITY, maxFieldBytes = 64 * 1024 } = options;
  const incoming = new IncomingParts(boundaryOf(contentType), options.maxHeaderBytes ?? 4 * 1024, maxParts);
  let files = 0;
  let fields = 0;
  try {
    incoming.feed(source);
    for (;;) {
      const found = await incoming.next();
      if (found === undefined) return;
      const { name, filename, contentType: type } = found.head;
      if (filename === undefined) fields += 1;
      else files += 1;
      if (files > maxFiles) throw tooMany(maxFiles, "files");
      if (fields > maxFields) throw tooMany(maxFields, "fields");
      if (files + fields > maxParts) throw tooMany(maxParts, "parts");
      if (filename === undefined) {
        const value = await readAll(incoming.bytesOf(found.body, maxFieldBytes, `The field "${name}"`));
        yield { kind: "field", name, value: decodeUtf8(value) };
      } else {
        const bytes = incoming.bytesOf(found.body, maxFileBytes, `The file in "${name}"`);
        const file = new MultipartFile(name, filename, type, bytes);
        yield file;
        await file.passOver();
        found.body.resume();
      }
    }
  } finally {
    incoming.stop();
  }
}

/** What the parser is given at once: between two pieces of a chunk it can be stopped. */
const PIECE_BYTES = 4 * 1024;

/** The parts that the parser has found and nobody has asked for yet; no more of them than one piece holds. */
class IncomingParts {
  readonly #parser: Dicer;
  readonly #maxHeaderBytes: number;
  readonly #maxParts: number;
  #count = 0;
  readonly #found: { readonly head: PartHead; readonly body: Readable }[] = [];
  #last: Readable | undefined;
  #headIsMissing = false;
  #done = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeReader: () => void = ignore;
  #wakeFeeder: () => void = ignore;

  constructor(boundary: string, maxHeaderBytes: number, maxParts: number) {
    this.#maxHeaderBytes = maxHeaderBytes;
    this.#maxParts = maxParts;
    // Its declarations forget maxHeaderSize.
    const config: Dicer.Config & { maxHeaderSize: number } = {
      boundary,
      maxHeaderSize: maxHeaderBytes,
      maxHeaderPairs: 100,
    };
    this.#parser = new Dicer(config);
    this.#parser.on("part", (part) => this.#onPart(part));
    this.#parser.on("error", (cause) => this.#fail(malformed("it ends too early", cause)));
    this.#parser.on("finish", () => {
      if (this.#headIsMissing) this.#fail(malformed("a part has no header"));
      this.#done = true;
      this.#wakeFeeder();
      this.#wakeReader();
    });
  }

  /** The next part, or `undefined` when there are no more. */
  async next(): Promise<{ readonly head: PartHead; readonly body: Readable } | undefined> {
    for (;;) {
      const found = this.#found.shift();
      if (found !== undefined) return found;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#done) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  /** The content of a part, counted. */
  async *bytesOf(body: Readable, limit: number, what: string): AsyncGenerator<Uint8Array, void, void> {
    let count = 0;
    try {
      const chunks: AsyncIterable<Uint8Array> = body.iterator({ destroyOnReturn: false });
      for await (const chunk of chunks) {
        count += chunk.byteLength;
        if (count > limit)
          throw new HttpError(413, `${what} is larger than the ${limit} bytes accepted here.`);
        yield chunk;
      }
    } catch (error) {
      // The parser has its own words for a part that ends too early.
      throw this.#failure === undefined ? error : this.#failure.error;
    }
  }

  /** Hands the body to the parser as fast as the parts are read. */
  async feed(source: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of source) {
        for (let start = 0; start < chunk.byteLength; start += PIECE_BYTES) {
          if (this.#failure !== undefined || this.#hasFarTooMany()) return;
          // What follows the last part is read all the same, so that the connection can serve a next request.
          if (!this.#done) await this.#write(chunk.subarray(start, start + PIECE_BYTES));
        }
      }
      if (!this.#done) this.#parser.end();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nobody will ask again. */
  stop(): void {
    if (!this.#done)
      this.#fail(new Error("The form was left before its end; await what reads a file before leaving"));
  }

  #hasFarTooMany(): boolean {
    return this.#count > this.#maxParts + 1;
  }

  #write(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      // The parser does not call back for the chunk that ends the form.
      this.#wakeFeeder = resolve;
      this.#parser.write(chunk, () => resolve());
    });
  }

  #onPart(part: Readable): void {
    part.on("error", ignore);
    if (this.#headIsMissing) this.#fail(malformed("a part has no header"));
    this.#count += 1;
    // The first one too many is found like any other: those before it are still to be given out. More are not looked at.
    if (this.#failure !== undefined || this.#hasFarTooMany()) {
      part.resume();
      return;
    }
    this.#last = part;
    this.#headIsMissing = true;
    part.once("header", (header: Record<string, string[]>) => {
      this.#headIsMissing = false;
      try {
        this.#found.push({ head: parseHead(header, this.#maxHeaderBytes), body: part });
      } catch (error) {
        this.#fail(error);
      }
      this.#wakeReader();
    });
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    // A reader of the part that will never end is told why.
    this.#last?.destroy(error as Error);
    this.#parser.destroy();
    this.#wakeFeeder();
    this.#wakeReader();
  }
}

function boundaryOf(contentType: string): string {
  const boundary = parseParameterised(contentType)?.parameters.get("boundary") ?? "";
  if (boundary === "" || boundary.length > 70) {
    throw new HttpError(400, "The form's Content-Type names no boundary of 1 to 70 characters.");
  }
  return boundary;
}

function parseHead(header: Record<string, string[]>, maxBytes: number): PartHead {
  let size = 0;
  for (const [name, values] of Object.entries(header)) {
    for (const value of values) size += name.length + value.length + 4;
  }
  // The parser cuts off what is over the limit, without a word.
  if (size >= maxBytes) {
    throw new HttpError(413, `A part's header is larger than the ${maxBytes} bytes accepted here.`);
  }
  const disposition = parseParameterised(fromLatin1(header["content-disposition"]?.[0] ?? ""));
  const name = disposition?.parameters.get("name");
  if (disposition?.value !== "form-data" || name === undefined) {
    throw malformed("a part has no Content-Disposition with a name");
  }
  const filename = filenameOf(disposition.parameters);
  return {
    name: unescape(name),
    filename: filename === undefined ? undefined : baseName(filename),
    contentType: header["content-type"]?.[0]?.trim() ?? "application/octet-stream",
  };
}

/** The extended form, which some clients send beside the plain one, says more. */
function filenameOf(parameters: ReadonlyMap<string, string>): string | undefined {
  const extended = parameters.get("filename*");
  const decoded = extended === undefined ? undefined : parseExtValue(extended);
  if (decoded !== undefined) return decoded;
  const plain = parameters.get("filename");
  return plain === undefined ? undefined : unescape(plain);
}

/** The parser knows bytes only. */
function fromLatin1(text: string): string {
  return decodeUtf8(Buffer.from(text, "latin1"));
}

/** Undoes what browsers do to names. @see https://html.spec.whatwg.org/#multipart-form-data */
function unescape(name: string): string {
  return name.replace(/%(?:22|0D|0A)/gi, decodeURIComponent);
}

/** The last segment of what may be a path, of any system, without characters that no name has. */
function baseName(filename: string): string {
  const name = filename.slice(Math.max(filename.lastIndexOf("/"), filename.lastIndexOf("\\")) + 1);
  return /^\.{1,2}$/.test(name) ? "" : name.replace(/[\x00-\x1f\x7f]/g, "");
}

function malformed(problem: string, cause?: unknown): HttpError {
  return new HttpError(400, `The form is malformed: ${problem}.`, { cause });
}

function tooMany(limit: number, what: string): HttpError {
  return new HttpError(413, `The form has more than the ${limit} ${what} accepted here.`);
}

function ignore(): void {}
