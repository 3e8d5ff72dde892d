// The sockets of a server: who is at the other end, whether anything moves, and which ones node:http does not close.
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Peer, ProxyTrust } from "../message/connection.ts";
import type { OnClosing } from "../message/closing.ts";

/** Kept on the socket, because a map costs more. */
const PEER: unique symbol = Symbol("hatcheck.peer");
type Known = Socket & { [PEER]?: Peer | undefined };

export interface Sockets {
  /** To be called with every socket as it opens. */
  readonly add: (socket: Socket) => void;
  /** The other end; looked up with the first request. */
  readonly peerOf: (socket: Socket) => Peer;
  /**
   * Watches over a socket until its answer is out, whether anything moves. What is answered at once, and taken by the
   * system at once, needs no watch: its timer would be set and cleared for nothing with every request.
   */
  readonly watch: (socket: Socket) => void;
  /** Gives a socket away: it is watched no longer. `stream` is what its new owner has of it. */
  readonly handOver: (socket: Socket, stream: Duplex) => void;
  /** Cuts those that have sent no request yet: browsers open them in advance. */
  readonly cutUnused: () => void;
  readonly cutHandedOver: () => void;
}

/** @param idleTimeoutMs milliseconds without a byte until a watched socket is cut; 0 for never */
export function trackSockets(
  trust: ProxyTrust | undefined,
  idleTimeoutMs: number,
  isClosing: () => boolean,
  onClosing: OnClosing,
): Sockets {
  const unused = new Set<Duplex>();
  const handedOver = new Set<Duplex>();
  const watch = (socket: Socket): void => {
    if (idleTimeoutMs > 0) socket.setTimeout(idleTimeoutMs);
  };
  return {
    watch,
    add: (socket: Known) => {
      // From the start, so that all sockets have one shape.
      socket[PEER] = undefined;
      watch(socket);
      keepWhileOpen(unused, socket);
    },
    peerOf: (socket: Known) => {
      const known = socket[PEER];
      if (known !== undefined) return known;
      unused.delete(socket);
      return (socket[PEER] = findPeer(socket, trust, isClosing, onClosing));
    },
    handOver: (socket, stream) => {
      socket.setTimeout(0);
      keepWhileOpen(handedOver, stream);
    },
    cutUnused: () => unused.forEach(destroy),
    cutHandedOver: () => handedOver.forEach(destroy),
  };
}

/** The other end of a socket that has carried a request. */
export function knownPeerOf(socket: Known): Peer | undefined {
  return socket[PEER];
}

function keepWhileOpen(sockets: Set<Duplex>, socket: Duplex): void {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
}

function destroy(socket: Duplex): void {
  socket.destroy();
}

function findPeer(
  socket: Socket,
  trust: ProxyTrust | undefined,
  isClosing: () => boolean,
  onClosing: OnClosing,
): Peer {
  // On Bun plain sockets have the property, too.
  const encrypted = (socket as Partial<TLSSocket>).encrypted === true;
  const servername = encrypted ? (socket as TLSSocket).servername : undefined;
  return {
    client: { ip: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
    server: { ip: socket.localAddress ?? "", port: socket.localPort ?? 0 },
    encrypted,
    sniHostname: typeof servername === "string" && servername !== "" ? servername : undefined,
    trust,
    isClosing,
    onClosing,
  };
}
