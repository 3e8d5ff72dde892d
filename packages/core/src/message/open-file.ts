// Opens one file that the program names.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** A file or folder that is open. */
export interface Opened {
  readonly handle: FileHandle;
  readonly size: number;
  /** Milliseconds since the epoch, with what the system knows of fractions. */
  readonly modified: number;
  readonly isDirectory: boolean;
}

// A FIFO is opened without waiting for a writer, a terminal without becoming ours. Windows has neither.
export const OPEN_FLAGS: number =
  constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** What says that there is no such file, or none that is ours to show: to a client it is all the same. */
const ABSENT = [
  "ENOENT",
  "ENOTDIR",
  "ENAMETOOLONG",
  "ELOOP",
  "EACCES",
  "EPERM",
  "ENXIO",
  "EINVAL",
  "EISDIR",
  // A NUL in the path.
  "ERR_INVALID_ARG_VALUE",
];

export function isAbsent(error: unknown): boolean {
  return ABSENT.includes((error as NodeJS.ErrnoException).code ?? "");
}

/** Opens a regular file; `undefined` when there is none, or when it is anything else. The caller closes the handle. */
export async function openFile(path: string): Promise<Opened | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, OPEN_FLAGS);
    const found = await handle.stat();
    if (found.isFile()) return { handle, size: found.size, modified: found.mtimeMs, isDirectory: false };
    await handle.close();
    return undefined;
  } catch (error) {
    await handle?.close();
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
