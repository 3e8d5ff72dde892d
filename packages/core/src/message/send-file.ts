// An open file as a response: its validators, the part that was asked for, and nothing where the client has it already.
import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { evaluateConditions, rangeApplies, type Validators } from "./conditional.ts";
import { HttpError } from "../http/http-error.ts";
import type { Header } from "../http/header.ts";
import type { Opened } from "./open-file.ts";
import { parseRange } from "../http/range.ts";
import type { Request } from "./request.ts";

/** Smaller files are read at once: one read, and the file is closed before the answer starts. */
const READ_AT_ONCE_BYTES = 64 * 1024;

/** What a response is made of. */
export interface FileAnswer {
  readonly status: number;
  readonly headers: Header[];
  readonly body: Uint8Array | Readable | undefined;
}

/**
 * Answers with the file, and closes it, whatever happens. `coding` tells precompressed versions of one file apart.
 *
 * @throws HttpError 412 when another version is expected, 416 when the range lies behind the end.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13 for conditions, section 14 for ranges
 */
export async function sendFile(
  req: Request,
  file: Opened,
  headers: readonly Header[],
  coding: string | undefined,
): Promise<FileAnswer> {
  const { handle, size } = file;
  let handedOn = false;
  try {
    const validators = validatorsOf(file, coding);
    const fields = [
      ...headers,
      { name: "ETag", value: validators.etag },
      { name: "Last-Modified", value: new Date(validators.lastModified).toUTCString() },
    ];
    const instead = evaluateConditions(req, validators);
    if (instead === 412) throw new HttpError(412, "The file is not the version that was expected.");
    if (instead === 304) return { status: 304, headers: fields.filter(isOf304), body: undefined };

    fields.push({ name: "Accept-Ranges", value: "bytes" });
    const ranged = req.method === "GET" && rangeApplies(req, validators);
    const range = ranged ? parseRange(req.header("range"), size) : undefined;
    if (range === "unsatisfiable") {
      throw new HttpError(416, undefined, { headers: [{ name: "Content-Range", value: `bytes */${size}` }] });
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    if (range !== undefined) fields.push({ name: "Content-Range", value: `bytes ${start}-${end}/${size}` });
    const status = range === undefined ? 200 : 206;
    const length = end + 1 - start;
    if (length <= READ_AT_ONCE_BYTES)
      return { status, headers: fields, body: await read(handle, start, length) };
    fields.push({ name: "Content-Length", value: String(length) });
    handedOn = true;
    return { status, headers: fields, body: handle.createReadStream({ start, end }) };
  } finally {
    if (!handedOn) letGo(file);
  }
}

/** Closes a file that was only read. Nobody waits for that, and there is nothing to do should it fail. */
export function letGo({ handle }: Opened): void {
  handle.close().catch(() => {});
}

/** What speaks of a body that is not sent stays out of a 304. */
function isOf304({ name }: Header): boolean {
  return name !== "Content-Type" && name !== "Content-Encoding";
}

function validatorsOf({ size, modified }: Opened, coding: string | undefined) {
  const version = `${size.toString(36)}-${Math.round(modified * 1000).toString(36)}`;
  return {
    etag: coding === undefined ? `"${version}"` : `"${version}-${coding}"`,
    // A time to come would be nonsense to caches.
    lastModified: Math.min(modified, Date.now()),
  } satisfies Validators;
}

/** Reads a part of a file; less when the file has become shorter since. */
async function read(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let count = 0;
  while (count < length) {
    const { bytesRead } = await handle.read(buffer, count, length - count, start + count);
    if (bytesRead === 0) break;
    count += bytesRead;
  }
  return buffer.subarray(0, count);
}
