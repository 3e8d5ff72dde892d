// Files that were compressed before, beside those that they stand for: `app.js.br` for `app.js`.
import { preferredEncoding } from "../http/accept-encoding.ts";
import type { Opened } from "../message/open-file.ts";
import type { Request } from "../message/request.ts";
import { letGo } from "../message/send-file.ts";
import { openWithin } from "./open-within.ts";

const SUFFIXES = { br: ".br", zstd: ".zst", gzip: ".gz" } as const;
type Suffixed = keyof typeof SUFFIXES;

/**
 * The sibling that the client likes best, or the file itself; the others are closed. One that is older than its file is
 * what the file was before, and is not sent.
 */
export async function chooseSibling(
  req: Request,
  folder: string,
  segments: readonly string[],
  file: Opened,
): Promise<[Opened, Suffixed | undefined]> {
  let offers = Object.keys(SUFFIXES) as Suffixed[];
  for (;;) {
    const coding = preferredEncoding(req.headerList("accept-encoding"), offers);
    if (coding === undefined) return [file, undefined];
    const name = `${segments.at(-1)}${SUFFIXES[coding]}`;
    const sibling = await openWithin(folder, [...segments.slice(0, -1), name]).catch((error: unknown) => {
      letGo(file);
      throw error;
    });
    if (sibling !== undefined && !sibling.isDirectory && sibling.modified >= file.modified) {
      letGo(file);
      return [sibling, coding];
    }
    if (sibling !== undefined) letGo(sibling);
    offers = offers.filter((offer) => offer !== coding);
  }
}
