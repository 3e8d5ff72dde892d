// Opens the address that a server listens on, and says what to do when it cannot.
import { logError } from "../message/log-error.ts";
import type { Server as HttpServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { lstat, unlink } from "node:fs/promises";

type Place = { host: string; port: number } | { path: string };

/** @throws Error that says what to do. */
export async function startListening(http: HttpServer, where: Place): Promise<void> {
  try {
    await open(http, where);
  } catch (error) {
    if (!("path" in where) || !(await removeStaleSocket(where.path))) throw error;
    await open(http, where);
  }
}

/** A server that was killed leaves its socket behind: it is removed when it is one, and nobody listens there any more. */
async function removeStaleSocket(path: string): Promise<boolean> {
  try {
    if (!(await lstat(path)).isSocket()) return false;
    if (await isListenedTo(path)) return false;
    await unlink(path);
    return true;
  } catch {
    return false;
  }
}

function isListenedTo(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const tell = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket
      .on("connect", () => tell(true))
      .on("error", (error: NodeJS.ErrnoException) => tell(error.code !== "ECONNREFUSED"));
  });
}

function open(http: HttpServer, where: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => reject(explain(error, where));
    http.once("error", refuse);
    http.listen(where, () => {
      http.off("error", refuse);
      http.on("error", (error) => logError("The server could not accept a connection", error));
      resolve();
    });
  });
}

function explain(error: NodeJS.ErrnoException, where: Place): Error {
  const place = "path" in where ? `The socket ${where.path}` : `Port ${where.port} on ${where.host}`;
  const problems: Record<string, string> = {
    EADDRINUSE: `${place} is in use; stop what listens there or choose another`,
    EACCES: `${place} may not be opened by this user; choose one that may`,
    EADDRNOTAVAIL: `${place} is no address of this machine`,
  };
  return new Error(problems[error.code ?? ""] ?? `${place} cannot be opened: ${error.message}`, {
    cause: error,
  });
}

export function urlOf({ address, family, port }: AddressInfo, encrypted: boolean): string {
  const host = family === "IPv6" ? `[${address}]` : address;
  return `${encrypted ? "https" : "http"}://${host}:${port}`;
}
