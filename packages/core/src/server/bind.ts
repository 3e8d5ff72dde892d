// Opens the address that a server listens on, and says what to do when it cannot.
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";

/** @throws Error that says what to do. */
export function startListening(
  http: HttpServer,
  where: { host: string; port: number } | { path: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => reject(explain(error, where));
    http.once("error", refuse);
    http.listen(where, () => {
      http.off("error", refuse);
      http.on("error", (error) => console.error("The server could not accept a connection:", error));
      resolve();
    });
  });
}

function explain(
  error: NodeJS.ErrnoException,
  where: { host: string; port: number } | { path: string },
): Error {
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
