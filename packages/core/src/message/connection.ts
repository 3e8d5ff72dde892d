// The other end of the connection, and what trusted proxies say of the client behind it.
import type { Request } from "./request.ts";
import type { OnClosing } from "../message/on-closing.ts";

/** An IP address and a port. A unix socket has neither: `""` and 0. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** What trusted proxies say of the client. A part that they did not say is absent. */
export interface Forwarding {
  readonly clientIp?: string;
  readonly scheme?: "http" | "https";
  readonly host?: string;
}

/** Reads the forwarding headers of a request that came from a peer. */
export type ProxyTrust = (req: Request, peerIp: string) => Forwarding;

/** What an engine knows of a connection; one object serves all its requests. */
export interface Peer {
  /** The other end: the client, or the proxy nearest to us. */
  readonly client: Address;
  readonly server: Address;
  /** Whether this hop is TLS. */
  readonly encrypted: boolean;
  /** The server name asked for in the TLS handshake. */
  readonly sniHostname: string | undefined;
  /** Which forwarding headers are believed, made by `trustProxy()`; none when undefined. */
  readonly trust: ProxyTrust | undefined;
  /** Whether the server has begun to close. */
  readonly isClosing: () => boolean;
  /** Calls back when the server takes no more requests; gives what takes that back. */
  readonly onClosing?: OnClosing | undefined;
}

const LOOPBACK: Peer = {
  client: Object.freeze({ ip: "127.0.0.1", port: 0 }),
  server: Object.freeze({ ip: "127.0.0.1", port: 0 }),
  encrypted: false,
  sniHostname: undefined,
  trust: undefined,
  isClosing: () => false,
};

/** The connection that one request came over. */
export class ConnectionInfo {
  readonly #peer: Peer;
  readonly #req: Request | undefined;
  #forwarding: Forwarding | undefined;

  /** For tests and for engines: what is not given is an unencrypted connection over loopback. */
  constructor(peer: Partial<Peer> = LOOPBACK, req?: Request) {
    this.#peer = isWhole(peer) ? peer : { ...LOOPBACK, ...peer };
    this.#req = req;
  }

  /** The same connection, as it carries this request. */
  forRequest(req: Request): ConnectionInfo {
    return this.#req === req ? this : new ConnectionInfo(this.#peer, req);
  }

  /** The other end of the connection: behind a proxy, that proxy. See {@link clientIp}. */
  get client(): Address {
    return this.#peer.client;
  }

  get server(): Address {
    return this.#peer.server;
  }

  /** Whether this hop is TLS. See {@link scheme} for what the client speaks. */
  get encrypted(): boolean {
    return this.#peer.encrypted;
  }

  get sniHostname(): string | undefined {
    return this.#peer.sniHostname;
  }

  get httpVersion(): string {
    return this.#req?.httpVersion ?? "1.1";
  }

  /** Whether the server has begun to close: new work is better sent elsewhere. */
  get closing(): boolean {
    return this.#peer.isClosing();
  }

  /** The client's address: the peer's, or what trusted proxies say. */
  get clientIp(): string {
    return this.#forwarded().clientIp ?? this.#peer.client.ip;
  }

  /** What the client speaks: as on this hop, or as trusted proxies say. */
  get scheme(): "http" | "https" {
    return this.#forwarded().scheme ?? (this.#peer.encrypted ? "https" : "http");
  }

  /** The host that the client asked for, with its port when it named one: as trusted proxies say, or {@link Request.host}. */
  get host(): string {
    return this.#forwarded().host ?? this.#req?.host ?? "";
  }

  #forwarded(): Forwarding {
    if (this.#peer.trust === undefined || this.#req === undefined) return NOT_FORWARDED;
    return (this.#forwarding ??= this.#peer.trust(this.#req, this.#peer.client.ip));
  }
}

/** Whether an engine made it; what else is given is completed. */
function isWhole(peer: Partial<Peer>): peer is Peer {
  return "isClosing" in peer && "client" in peer && "server" in peer;
}

const NOT_FORWARDED: Forwarding = {};
