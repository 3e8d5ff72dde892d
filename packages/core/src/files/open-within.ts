// Opens files below one folder and nothing else, whatever the path and whatever links lie there.
import { existsSync } from "node:fs";
import { type FileHandle, lstat, open, readlink, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { isAbsent, OPEN_FLAGS, type Opened } from "../message/open-file.ts";

const HAS_PROC = existsSync("/proc/self/fd");

/**
 * Opens a regular file or a folder. `undefined` when there is none, when it is anything else (a FIFO, a device, a
 * socket), and when a link leads out of the root. The caller closes the handle.
 *
 * The root is a real path, without links; the segments are plain names.
 *
 * The file is opened first and checked then, by what is open: whoever exchanges it in between gains nothing.
 */
export async function openWithin(root: string, segments: readonly string[]): Promise<Opened | undefined> {
  const path = join(root, ...segments);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, OPEN_FLAGS);
    const [found, real] = await Promise.all([handle.stat(), realPathOf(handle, path)]);
    const inside = real === root || real?.startsWith(root.endsWith(sep) ? root : root + sep);
    if (inside && (found.isFile() || found.isDirectory())) {
      return { handle, size: found.size, modified: found.mtimeMs, isDirectory: found.isDirectory() };
    }
    await handle.close();
    return undefined;
  } catch (error) {
    await handle?.close();
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Where an open file really lies. Linux knows it of the file itself. Elsewhere the path is followed once more, and what
 * stands at its end must be the very file; who may write in the folder, and is fast enough to exchange a part of the
 * path three times in between, can still betray that.
 */
async function realPathOf(handle: FileHandle, path: string): Promise<string | undefined> {
  if (HAS_PROC) return readlink(`/proc/self/fd/${handle.fd}`);
  const real = await realpath(path);
  const [found, there] = await Promise.all([handle.stat(), lstat(real)]);
  return there.dev === found.dev && there.ino === found.ino ? real : undefined;
}
