// Stands between a client and its server, and cuts connections on demand: what was sent has arrived, and its answer is lost.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  readonly port: number;
  /** Cuts the connection that carries the next answer, in place of the answer. */
  cutNext(): void;
  readonly cuts: number;
  close(): Promise<void>;
}

/** @param target the port of the server */
export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let isDue = false;
  let cuts = 0;
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on("error", () => undefined)
        .on("close", () => {
          sockets.delete(socket);
          end();
        });
    }
    near.pipe(far);
    far.on("data", (answer: Buffer) => {
      if (!isDue) return void near.write(answer);
      isDue = false;
      cuts += 1;
      return end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cutNext: () => {
      isDue = true;
    },
    get cuts() {
      return cuts;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
