// Opens files below one folder and nothing else, whatever the path and whatever links lie there.
import { constants, existsSync } from "node:fs";
import { type FileHandle, lstat, open, readlink, realpath } from "node:fs/promises";
import { join, sep } from "node:path";

/** A file or folder that is open. */
export interface Opened {
  readonly handle: FileHandle;
  readonly size: number;
  /** Milliseconds since the epoch, with what the system knows of fractions. */
  readonly modified: number;
  readonly isDirectory: boolean;
}

// A FIFO is opened without waiting for a writer, a terminal without becoming ours. Windows has neither.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

const HAS_PROC = existsSync("/proc/self/fd");

/** What says that there is no such file, or none that is ours to show: to a client it is all the same. */
const ABSENT = ["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EACCES", "EPERM", "ENXIO", "EINVAL", "EISDIR"];

/**
 * Opens a regular file or a folder. `undefined` when there is none, when it is anything else (a FIFO, a device, a
 * socket), and when a link leads out of the root. The caller closes the handle.
 *
 * The root is a real path, without links; the segments are plain names.
 *
 * The file is opened first and checked then, by what is open: whoever exchanges it in between gains nothing.
 */
export async function openInside(root: string, segments: readonly string[]): Promise<Opened | undefined> {
  const path = join(root, ...segments);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, FLAGS);
    const [found, real] = await Promise.all([handle.stat(), realPathOf(handle, path)]);
    const inside = real === root || real?.startsWith(root.endsWith(sep) ? root : root + sep);
    if (inside && (found.isFile() || found.isDirectory())) {
      return { handle, size: found.size, modified: found.mtimeMs, isDirectory: found.isDirectory() };
    }
    await handle.close();
    return undefined;
  } catch (error) {
    await handle?.close();
    if (ABSENT.includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
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
