// Stands between a server and its database, and cuts connections where it hurts most: the statement has arrived, and its
// answer is on the way.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Chance } from "../random.ts";

export interface CutProxy {
  readonly port: number;
  readonly cuts: number;
  /** Connections are cut before or within one answer in so many; 0 for none. */
  oneIn: number;
  close(): Promise<void>;
}

export async function startCutProxy(target: number, chance: Chance): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on("error", () => undefined)
        .on("close", () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
    }
    near.pipe(far);
    far.on("data", (answer: Buffer) => {
      if (proxy.oneIn === 0 || !chance.oneIn(proxy.oneIn)) {
        near.write(answer);
        return;
      }
      cuts += 1;
      // None of the answer, or a part.
      near.write(answer.subarray(0, chance.below(answer.length)));
      near.destroySoon();
      far.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = {
    port: (server.address() as AddressInfo).port,
    oneIn: 0,
    get cuts() {
      return cuts;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
