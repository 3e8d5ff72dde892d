// Serves the files of a folder.
import { realpathSync, statSync } from "node:fs";
import { preferredEncoding } from "../http/accept-encoding.ts";
import { HttpError } from "../http/http-error.ts";
import { assertHeader, type Header } from "../http/header.ts";
import { mediaTypeOf } from "../http/media-type.ts";
import { openInside } from "./open-within.ts";
import type { Opened } from "../message/open-file.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { type FileAnswer, letGo, sendFile } from "../message/send-file.ts";

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
    const asFolder = path === "" || path.endsWith("/");
    if (asFolder && index === false) throw notFound();
    const name = asFolder ? `${path}${index}` : path;
    const segments = segmentsOf(req, name);
    const headers: Header[] = [
      { name: "Content-Type", value: mediaTypeOf(name, types) },
      { name: "Cache-Control", value: cacheControlOf(name) },
      { name: "X-Content-Type-Options", value: "nosniff" },
    ];

    const file = await openInside(folder, segments);
    if (file === undefined) throw notFound();
    if (file.isDirectory) {
      letGo(file);
      if (asFolder || index === false || !(await isFile(folder, [...segments, index]))) throw notFound();
      return redirectToFolder(req);
    }
    if (!precompressed) return respond(await sendFile(req, file, headers, undefined));
    headers.push({ name: "Vary", value: "Accept-Encoding" });
    const [chosen, coding] = await chooseSibling(req, folder, segments, file);
    if (coding !== undefined) headers.push({ name: "Content-Encoding", value: coding });
    return respond(await sendFile(req, chosen, headers, coding));
  };
}

function respond({ status, headers, body }: FileAnswer): Response {
  return new Response(status, headers, body);
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
  const segments = path.split("/");
  for (const segment of segments) {
    if (segment === "" || segment.startsWith(".") || /[\\\0]/.test(segment)) throw notFound();
  }
  return segments;
}

async function isFile(folder: string, segments: readonly string[]): Promise<boolean> {
  const file = await openInside(folder, segments);
  if (file !== undefined) letGo(file);
  return file?.isDirectory === false;
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
    const name = `${segments.at(-1)}${SUFFIXES[coding]}`;
    const sibling = await openInside(folder, [...segments.slice(0, -1), name]).catch((error: unknown) => {
      letGo(file);
      throw error;
    });
    if (sibling !== undefined && !sibling.isDirectory) {
      letGo(file);
      return [sibling, coding];
    }
    if (sibling !== undefined) letGo(sibling);
    offers = offers.filter((offer) => offer !== coding);
  }
}
