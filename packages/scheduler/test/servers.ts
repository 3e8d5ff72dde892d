/**
 * The real databases the tests use, and a wire to them that can be cut.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export const REDIS_URL = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";
export const POSTGRES_URL = process.env["POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/postgres";

/** Whether somebody listens there; says so on the console if not. */
export async function isReachable(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    console.log(`Skipped: no ${protocol.slice(0, -1)} server at ${hostname}:${port}.`);
    return false;
  } finally {
    socket.destroy();
  }
}

/** A name for keys or a table that no other test run has. */
export function uniqueName(kind: string): string {
  return `hatcheck_test_${kind}_${process.pid}_${Date.now().toString(36)}`;
}

/** A TCP relay to a server. */
export interface Wire {
  /** The server's address, by way of the wire. */
  readonly url: string;
  /** Breaks all connections, and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

export async function wireTo(url: string): Promise<Wire> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const near = new URL(url);
  near.hostname = "127.0.0.1";
  near.port = String(port);
  return {
    url: near.href,
    async cut() {
      const closed = once(server.close(), "close");
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async mend() {
      await once(server.listen(port, "127.0.0.1"), "listening");
    },
  };
}
