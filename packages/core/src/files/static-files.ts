// Serves the files of a folder.
import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { preferredType } from "../http/accept.ts";
import { HttpError } from "../http/http-error.ts";
import { assertHeader, type Header } from "../http/header.ts";
import { mediaTypeOf } from "../http/media-type.ts";
import { checkOptions, isBoolean, isString, listOf, objectThat, orFalse } from "../options/check.ts";
import { openWithin } from "./open-within.ts";
import { chooseSibling } from "./precompressed.ts";
import type { Opened } from "../message/open-file.ts";
import type { Request } from "../message/request.ts";
import { atOnce } from "../message/thenable.ts";
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
  /** Extensions that are tried where there is no file of this name, without the dot: `["html"]` sends `about.html` for `about`. */
  extensions?: readonly string[];
  /**
   * What is sent, with 200, for a page that is not there: the `index.html` of an application that does its own routing. A
   * page is a GET of a client that takes HTML, for a path whose last segment has no dot: missing scripts stay 404.
   */
  fallback?: string;
  /** Redirects a folder that is asked for without its slash; on unless `false`, which makes that 404. */
  redirect?: boolean;
  /**
   * Which names that begin with a dot are there, by the path of each file; none unless given. For certificates:
   * `(path) => path.startsWith(".well-known/")`.
   */
  dotfiles?: boolean | ((path: string) => boolean);
}

const CHECKS = {
  index: orFalse(isString),
  cacheControl: stringOrFunction,
  precompressed: isBoolean,
  types: objectThat("an object of media types by extension"),
  extensions: listOf("extensions", isExtension),
  fallback: isString,
  redirect: isBoolean,
  dotfiles: booleanOrFunction,
};

/** Answers GET and HEAD with the file that its parameter `path` names; a route without it is redirected to its slash. */
export type StaticFilesHandler = (req: Request, params: { readonly path?: string }) => Promise<Response>;

/**
 * A handler that serves the files below a folder, for a pattern that ends in `/*path`:
 *
 *     const assets = staticFiles("public");
 *     app.get("/assets/*path", assets).get("/assets", assets); // the second redirects to "/assets/"
 *
 * It knows `ETag` and `Last-Modified` with their conditions, one `Range`, `index.html`, and redirects a folder that is
 * asked for without its slash. 404 is all that a client gets for what is not there, hidden (a name that begins with a
 * dot), no regular file, or outside of the folder, by dots, encoded slashes, backslashes, NUL or links.
 *
 * @param root The folder; a relative one is below the working directory.
 * @throws TypeError, at once, when the root is no folder or the fallback no file in it.
 */
export function staticFiles(root: string, options: StaticFilesOptions = {}): StaticFilesHandler {
  checkOptions("staticFiles", options, CHECKS);
  const {
    index = "index.html",
    precompressed = false,
    extensions = [],
    fallback,
    redirect = true,
    types,
  } = options;
  const { cacheControl = "no-cache", dotfiles = false } = options;
  const folder = realFolder(root);
  const cacheControlFor = (name: string, file: Opened): string => {
    if (typeof cacheControl === "string") return cacheControl;
    try {
      return atOnce(cacheControl(name), "staticFiles: cacheControl") as string;
    } catch (error) {
      letGo(file);
      throw error;
    }
  };
  if (typeof cacheControl === "string") assertHeader("Cache-Control", cacheControl);
  if (fallback !== undefined && !statSync(join(folder, fallback), { throwIfNoEntry: false })?.isFile())
    throw new TypeError(
      `staticFiles: fallback ${JSON.stringify(fallback)} is no file in ${JSON.stringify(root)}`,
    );
  const showsDotfile = (name: string): boolean =>
    (typeof dotfiles === "function" ? atOnce(dotfiles(name), "staticFiles: dotfiles") : dotfiles) === true;

  const send = async (req: Request, name: string, file: Opened): Promise<Response> => {
    const headers: Header[] = [
      { name: "Content-Type", value: mediaTypeOf(name, types) },
      { name: "Cache-Control", value: cacheControlFor(name, file) },
      { name: "X-Content-Type-Options", value: "nosniff" },
    ];
    if (!precompressed) return respond(await sendFile(req, file, headers, undefined));
    headers.push({ name: "Vary", value: "Accept-Encoding" });
    const [chosen, coding] = await chooseSibling(req, folder, name.split("/"), file);
    if (coding !== undefined) headers.push({ name: "Content-Encoding", value: coding });
    return respond(await sendFile(req, chosen, headers, coding));
  };

  /** Opens what is named; `undefined` where there is nothing, or nothing to be shown. */
  const openNamed = async (name: string): Promise<Opened | undefined> =>
    isPlain(name) && (!hasDotfile(name) || showsDotfile(name))
      ? openWithin(folder, name.split("/"))
      : undefined;

  const answer = async (req: Request, path: string | undefined): Promise<Response | undefined> => {
    // A slash that came encoded is refused: a guard that compared the path took it for a part of a name.
    if (/%(?:2F|00)/.test(req.path)) return undefined;
    if (path === undefined) return redirect ? redirectToFolder(req) : undefined;
    const asFolder = path === "" || path.endsWith("/");
    if (asFolder && index === false) return undefined;
    const name = asFolder ? `${path}${index}` : path;
    const file = await openNamed(name);
    if (file?.isDirectory === false) return send(req, name, file);
    if (file !== undefined) letGo(file);
    if (asFolder) return undefined;
    for (const extension of extensions) {
      const longer = await openNamed(`${name}.${extension}`);
      if (longer?.isDirectory === false) return send(req, `${name}.${extension}`, longer);
      if (longer !== undefined) letGo(longer);
    }
    if (file === undefined || index === false || !redirect) return undefined;
    const shown = await openNamed(`${name}/${index}`);
    if (shown !== undefined) letGo(shown);
    return shown?.isDirectory === false ? redirectToFolder(req) : undefined;
  };

  return async (req, { path }) => {
    if (req.method !== "GET" && req.method !== "HEAD") {
      throw new HttpError(405, undefined, { headers: [{ name: "Allow", value: "GET, HEAD" }] });
    }
    if (path === undefined && req.route?.includes("*") === true)
      throw new TypeError(`staticFiles: the wildcard of ${JSON.stringify(req.route)} must be called *path`);
    const found = await answer(req, path);
    if (found !== undefined) return found;
    if (fallback !== undefined && path !== undefined && isPage(req, path)) {
      const file = await openWithin(folder, fallback.split("/"));
      if (file?.isDirectory === false) return send(req, fallback, file);
      if (file !== undefined) letGo(file);
    }
    throw new HttpError(404, "Nothing is found at this address.");
  };
}

/** Whether each name in a path is a name and no more than that. */
function isPlain(path: string): boolean {
  return path
    .split("/")
    .every((segment) => segment !== "" && segment !== "." && segment !== ".." && !/[\\\0]/.test(segment));
}

function hasDotfile(path: string): boolean {
  return path.startsWith(".") || path.includes("/.");
}

function isPage(req: Request, path: string): boolean {
  const last = path.slice(path.lastIndexOf("/") + 1);
  return !last.includes(".") && preferredType(req.headerList("accept"), ["text/html"]) !== undefined;
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

/** Relative, and begun with a dot, so that no name in it can be taken for a host or a scheme. */
function redirectToFolder(req: Request): Response {
  const name = req.path.slice(req.path.lastIndexOf("/") + 1);
  const query = req.url.indexOf("?");
  return Response.redirect(301, `./${name}/${query === -1 ? "" : req.url.slice(query)}`);
}

function stringOrFunction(value: unknown, label: string): void {
  if (typeof value !== "function") isString(value, label);
}

function booleanOrFunction(value: unknown, label: string): void {
  if (typeof value !== "function") isBoolean(value, label);
}

function isExtension(value: unknown, label: string): void {
  isString(value, label);
  if (!/^[^./\\\0]+(?:\.[^./\\\0]+)*$/.test(String(value)))
    throw new TypeError(`${label} is no extension: write "html", without a dot before it`);
}
