// Serves the files of a folder.
import { realpathSync, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { preferredEncoding } from "./accept-encoding.ts";
import { evaluateConditions, rangeApplies, type Validators } from "./conditional.ts";
import { HttpError } from "./error.ts";
import { assertHeader, type Header } from "./header.ts";
import { mediaTypeOf } from "./media-type.ts";
import { openInside, type Opened } from "./open-inside.ts";
import { parseRange } from "./range.ts";
import type { Request } from "./request.ts";
import { Response, type StreamBody } from "./response.ts";

export interface StaticFilesOptions {
  /** What a folder shows; `index.html` unless given, nothing when `false`. */
  index?: string | false;
  /**
   * `Cache-Control`, for all files or by the path of each (`"css/site.css"`). `no-cache` unless given: kept, and asked
   * for again each time, which costs a 304. For files whose name changes with their content: `max-age=31536000, immutable`.
   */
  cacheControl?: string | ((path: string) => string);
  /** Sends `app.js.br`, `.zst` or `.gz` in place of `app.js` where they lie beside it and the client can read them. Off unless given. */
  precompressed?: boolean;
  /** Media types by extension, without the dot and in lower case, that go before the built-in table. */
  types?: Readonly<Record<string, string>>;
}

/** Answers GET and HEAD with the file that its parameter `path` names. */
export type StaticFilesHandler = (req: Request, params: { readonly path: string }) => Promise<Response>;

const SUFFIXES = { br: ".br", zstd: ".zst", gzip: ".gz" } as const;
type Suffixed = keyof typeof SUFFIXES;

/** Smaller files are read at once: one read, and the file is closed before the answer starts. */
const READ_AT_ONCE_BYTES = 64 * 1024;

/**
 * A handler that serves the files below a folder, for a pattern that ends in `/*path`:
 *
 *     app.get("/assets/*path", staticFiles("public"));
 *
 * It knows `ETag` and `Last-Modified` with their conditions, one `Range`, `index.html`, and redirects a folder that is
 * asked for without its slash. 404 is all that a client gets for what is not there, hidden (a name that begins with a
 * dot), no regular file, or outside of the folder, by dots, encoded slashes, backslashes, NUL or links.
 *
 * @param root The folder; a relative one is below the working directory.
 * @throws TypeError, at once, when the root is no folder.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13 for conditions, section 14 for ranges
 */
export function staticFiles(root: string, options: StaticFilesOptions = {}): StaticFilesHandler {
  const { index = "index.html", cacheControl = "no-cache", precompressed = false, types } = options;
  const folder = realFolder(root);
  const cacheControlOf = typeof cacheControl === "function" ? cacheControl : () => cacheControl;
  if (typeof cacheControl === "string") assertHeader("Cache-Control", cacheControl);

  return async (req, { path }) => {
    if (req.method !== "GET" && req.method !== "HEAD") {
      throw new HttpError(405, undefined, { headers: [{ name: "Allow", value: "GET, HEAD" }] });
    }
    const segments = segmentsOf(req, path);
    const asFolder = segments.at(-1) === "";
    if (asFolder) segments.pop();

    let file = await openInside(folder, segments);
    if (file === undefined) throw notFound();
    if (file.isDirectory) {
      letGo(file.handle);
      file = index === false ? undefined : await openInside(folder, [...segments, index]);
      if (file === undefined || index === false) throw notFound();
      if (!asFolder) {
        letGo(file.handle);
        return redirectToFolder(req);
      }
      segments.push(index);
    } else if (asFolder) {
      letGo(file.handle);
      throw notFound();
    }

    const name = segments.join("/");
    const headers: Header[] = [
      { name: "Content-Type", value: mediaTypeOf(name, types) },
      { name: "Cache-Control", value: cacheControlOf(name) },
      { name: "X-Content-Type-Options", value: "nosniff" },
    ];
    let coding: Suffixed | undefined;
    if (precompressed) {
      headers.push({ name: "Vary", value: "Accept-Encoding" });
      [file, coding] = await chooseSibling(req, folder, segments, file);
      if (coding !== undefined) headers.push({ name: "Content-Encoding", value: coding });
    }
    return answer(req, file, validatorsOf(file, coding), headers);
  };
}

function realFolder(root: string): string {
  try {
    const real = realpathSync(root);
    if (statSync(real).isDirectory()) return real;
  } catch (cause) {
    throw new TypeError(`staticFiles: the folder ${JSON.stringify(root)} cannot be opened`, { cause });
  }
  throw new TypeError(`staticFiles: ${JSON.stringify(root)} is no folder`);
}

/**
 * The names in a path, each free of what means more than a name. A slash that came encoded is refused too: a guard
 * that compared the path took it for a part of a name.
 */
function segmentsOf(req: Request, path: string): string[] {
  if (/%(?:2F|00)/.test(req.path)) throw notFound();
  if (path === "") return [""];
  const segments = path.split("/");
  segments.forEach((segment, at) => {
    const last = at === segments.length - 1;
    if (segment.startsWith(".") || /[\\\0]/.test(segment) || (segment === "" && !last)) throw notFound();
  });
  return segments;
}

function notFound(): HttpError {
  return new HttpError(404, "Nothing is found at this address.");
}

/** Relative, and begun with a dot, so that no name in it can be taken for a host or a scheme. */
function redirectToFolder(req: Request): Response {
  const name = req.path.slice(req.path.lastIndexOf("/") + 1);
  const query = req.url.indexOf("?");
  return Response.redirect(301, `./${name}/${query === -1 ? "" : req.url.slice(query)}`);
}

/** The precompressed sibling that the client likes best, or the file itself; the other is closed. */
async function chooseSibling(
  req: Request,
  folder: string,
  segments: readonly string[],
  file: Opened,
): Promise<[Opened, Suffixed | undefined]> {
  let offers = Object.keys(SUFFIXES) as Suffixed[];
  for (;;) {
    const coding = preferredEncoding(req.header("accept-encoding"), offers);
    if (coding === undefined) return [file, undefined];
    const sibling = await openInside(folder, [
      ...segments.slice(0, -1),
      `${segments.at(-1)}${SUFFIXES[coding]}`,
    ]);
    if (sibling !== undefined && !sibling.isDirectory) {
      letGo(file.handle);
      return [sibling, coding];
    }
    if (sibling !== undefined) letGo(sibling.handle);
    offers = offers.filter((offer) => offer !== coding);
  }
}

function validatorsOf({ size, modified }: Opened, coding: Suffixed | undefined): Validators {
  const version = `${size.toString(36)}-${Math.round(modified * 1000).toString(36)}`;
  return {
    etag: coding === undefined ? `"${version}"` : `"${version}-${coding}"`,
    // A time to come would be nonsense to caches.
    lastModified: Math.min(modified, Date.now()),
  };
}

async function answer(
  req: Request,
  { handle, size }: Opened,
  validators: Validators,
  headers: Header[],
): Promise<Response> {
  let handedOn = false;
  try {
    headers.push(
      { name: "ETag", value: validators.etag },
      { name: "Last-Modified", value: new Date(validators.lastModified).toUTCString() },
    );
    const instead = evaluateConditions(req, validators);
    if (instead === 412) throw new HttpError(412, "The file is not the version that was expected.");
    if (instead === 304)
      return new Response(
        304,
        headers.filter(({ name }) => name !== "Content-Type"),
      );

    headers.push({ name: "Accept-Ranges", value: "bytes" });
    const wanted =
      req.method === "GET" && rangeApplies(req, validators)
        ? parseRange(req.header("range"), size)
        : undefined;
    if (wanted === "unsatisfiable") {
      throw new HttpError(416, undefined, { headers: [{ name: "Content-Range", value: `bytes */${size}` }] });
    }
    const { start, end } = wanted ?? { start: 0, end: size - 1 };
    if (wanted !== undefined) headers.push({ name: "Content-Range", value: `bytes ${start}-${end}/${size}` });
    const status = wanted === undefined ? 200 : 206;
    const length = end + 1 - start;
    if (length <= READ_AT_ONCE_BYTES) return new Response(status, headers, await read(handle, start, length));
    headers.push({ name: "Content-Length", value: String(length) });
    handedOn = true;
    return new Response(status, headers, handle.createReadStream({ start, end }) as StreamBody);
  } finally {
    if (!handedOn) letGo(handle);
  }
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

/** Closes a file that was only read. Nobody waits for that, and there is nothing to do should it fail. */
function letGo(handle: FileHandle): void {
  handle.close().catch(() => {});
}
