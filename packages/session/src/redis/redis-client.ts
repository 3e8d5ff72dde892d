// The clients that a Redis store can be given, told apart by their methods, and made to look the same.
import { hash } from "node:crypto";
import { isCut } from "../remote/connection-errors.ts";
import { within } from "../remote/deadline.ts";
import { ServerClock } from "../remote/server-clock.ts";

/** A client or a pool of clients of node-redis. */
export interface NodeRedisClient {
  sendCommand(args: string[], options?: { typeMapping: object }): Promise<unknown>;
}

/** A cluster of node-redis. */
export interface NodeRedisCluster {
  sendCommand(
    key: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: { typeMapping: object },
  ): Promise<unknown>;
  masters: readonly object[];
  nodeClient(node: never): Promise<NodeRedisClient>;
}

/** A `Redis` of ioredis. */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
  options?: object;
}

/** A `Redis.Cluster` of ioredis. */
export interface IoredisCluster extends IoredisClient {
  nodes(role: "master"): IoredisClient[];
}

export type RedisClient = NodeRedisClient | NodeRedisCluster | IoredisClient | IoredisCluster;

/** A Lua script for one key. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export type Args = readonly (string | number)[];

export function scriptOf(text: string): Script {
  return { text, sha: hash("sha1", text) };
}

type Send = (args: string[]) => Promise<unknown>;

/** What is needed of a client, whichever it is. */
interface Driver {
  /** To the node that has this key. */
  readonly send: (key: string, args: string[]) => Promise<unknown>;
  /** To each node that has keys of its own. */
  readonly masters: () => Promise<Send[]>;
  /** What the client puts before every key by itself, except in patterns. */
  readonly keyPrefix: string;
}

/** Some keys, and where to go on: `undefined` after the last. */
export interface KeyPage {
  readonly keys: string[];
  readonly next: string | undefined;
}

/** The one way in which the store talks to Redis: with a time limit. */
export class RedisConnection {
  readonly #driver: Driver;
  readonly #timeoutMs: number;
  readonly #clock = new ServerClock();

  constructor(client: RedisClient, timeoutMs: number) {
    this.#driver = driverOf(client);
    this.#timeoutMs = timeoutMs;
  }

  /** Takes the server's time out of an answer. */
  heard(serverTime: number): void {
    this.#clock.heard(serverTime);
  }

  /**
   * Runs a script on a key, or does not run it at all: what waits in a client's queue, in a stopped server or for a connection
   * until its time is over is refused by the server when it comes there at last.
   */
  async run(script: Script, key: string, args: Args, timeoutMs: number = this.#timeoutMs): Promise<unknown> {
    const until = performance.now() + timeoutMs;
    // The first question changes nothing, so that it may come late.
    if (!this.#clock.isKnown) await this.#askTime(key, timeoutMs);
    try {
      return await this.#runUntil(script, key, args, until);
    } catch (error) {
      const serverTime = error instanceof Error ? /\bHATCHECKLATE (\d+)/.exec(error.message)?.[1] : undefined;
      if (serverTime === undefined) throw error;
      // It is early enough here: the server's clock was set meanwhile, and nothing was done.
      this.#clock.heard(Number(serverTime));
      return this.#runUntil(script, key, args, until);
    }
  }

  /** Its text is sent only where the server does not know it: the first time, and after restarts. */
  async #runUntil(script: Script, key: string, args: Args, until: number): Promise<unknown> {
    const { send } = this.#driver;
    const left = (): number => Math.max(1, until - performance.now());
    const deadline = Math.ceil(this.#clock.now() + left());
    const rest = ["1", key, ...args.map(String), String(deadline)];
    try {
      return await within(left(), send(key, ["EVALSHA", script.sha, ...rest]));
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return within(left(), send(key, ["EVAL", script.text, ...rest]));
    }
  }

  async #askTime(key: string, timeoutMs: number): Promise<void> {
    const reply = await within(timeoutMs, this.#driver.send(key, ["TIME"]));
    const [seconds, micros] = listOf(reply);
    this.#clock.heard(Number(seconds) * 1000 + Math.floor(Number(micros) / 1000));
  }

  /** Runs a script that may as well run twice: where its connection was cut, once more over another. */
  read(script: Script, key: string, args: Args): Promise<unknown> {
    return this.#twice((timeoutMs) => this.run(script, key, args, timeoutMs));
  }

  async ping(): Promise<void> {
    const masters = await this.#masters();
    await Promise.all(masters.map((send) => this.#twice((timeoutMs) => within(timeoutMs, send(["PING"])))));
  }

  /** Keys that begin with a prefix, page by page, without it. A key that is created or moved meanwhile may come twice or not. */
  async *keys(prefix: string): AsyncGenerator<string[]> {
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const page: KeyPage = await this.page(prefix, cursor, 1000);
      yield page.keys;
      cursor = page.next;
    }
  }

  /**
   * Some of the keys that begin with a prefix, without it.
   *
   * @param cursor where the last page has ended; '' for the first
   * @param count how many keys are looked at, more or less
   */
  async page(prefix: string, cursor: string, count: number): Promise<KeyPage> {
    const full = this.#driver.keyPrefix + prefix;
    const pattern = `${full.replace(/[\\*?[\]]/g, "\\$&")}*`;
    const [node = "0", from = "0"] = cursor.split(" ");
    const masters = await this.#masters();
    const send = masters[Number(node)];
    if (send === undefined) return { keys: [], next: undefined };
    const command = ["SCAN", from, "MATCH", pattern, "COUNT", String(count)];
    const answer = await this.#twice((timeoutMs) => within(timeoutMs, send(command)));
    const [next, keys] = answer as [unknown, string[]];
    const isLastOfNode = String(next) === "0";
    const isLast = isLastOfNode && Number(node) + 1 >= masters.length;
    return {
      keys: keys.map((key) => key.slice(full.length)),
      next: isLast ? undefined : isLastOfNode ? `${Number(node) + 1} 0` : `${node} ${String(next)}`,
    };
  }

  async #twice<Answer>(ask: (timeoutMs: number) => Promise<Answer>): Promise<Answer> {
    const until = performance.now() + this.#timeoutMs;
    try {
      return await ask(this.#timeoutMs);
    } catch (error) {
      if (!isCut(error)) throw error;
      return ask(Math.max(1, until - performance.now()));
    }
  }

  async #masters(): Promise<Send[]> {
    const masters = await within(this.#timeoutMs, this.#driver.masters());
    // A client that has lost its Cluster knows none.
    if (masters.length === 0) throw new Error("no node of the Cluster is known");
    return masters;
  }
}

const NO_CLIENT =
  "RedisSessionStore: the client must be a client, pool or cluster of node-redis, or a Redis or Redis.Cluster of ioredis";

/** Text as text, whatever mapping the client has by default. */
const PLAIN = { typeMapping: {} };

function driverOf(client: RedisClient): Driver {
  const isObject = (typeof client === "object" || typeof client === "function") && client !== null;
  if (!isObject) throw new TypeError(NO_CLIENT);
  if ("call" in client && typeof client.call === "function") return ioredisDriver(client);
  if ("sendCommand" in client && typeof client.sendCommand === "function") {
    if ("nodeClient" in client) return nodeRedisClusterDriver(client);
    if (!("getSentinelNode" in client)) return nodeRedisDriver(client as NodeRedisClient);
  }
  throw new TypeError(NO_CLIENT);
}

function ioredisDriver(client: IoredisClient | IoredisCluster): Driver {
  const sendTo =
    (node: IoredisClient): Send =>
    ([command, ...args]) =>
      node.call(command as string, ...args);
  const send = sendTo(client);
  const { keyPrefix = "" } = (client.options ?? {}) as { keyPrefix?: unknown };
  return {
    send: (_key, args) => send(args),
    masters: async () => ("nodes" in client ? client.nodes("master").map(sendTo) : [send]),
    keyPrefix: String(keyPrefix),
  };
}

function nodeRedisDriver(client: NodeRedisClient): Driver {
  const send: Send = (args) => client.sendCommand(args, PLAIN);
  return { send: (_key, args) => send(args), masters: async () => [send], keyPrefix: "" };
}

function nodeRedisClusterDriver(cluster: NodeRedisCluster): Driver {
  return {
    send: (key, args) => cluster.sendCommand(key, false, args, PLAIN),
    masters: () =>
      Promise.all(
        cluster.masters.map(async (master) => {
          const node = await cluster.nodeClient(master as never);
          return (args: string[]) => node.sendCommand(args, PLAIN);
        }),
      ),
    keyPrefix: "",
  };
}

/** A reply of Redis that is a list; an empty one for any other. */
export function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}
