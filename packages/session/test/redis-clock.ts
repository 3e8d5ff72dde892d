// A clock that can be set, for a store on a real Redis. Redis has none, so time is let pass from both sides: the scripts are
// told a later time, and the keys are made to expire as much earlier. As long as no time has passed, nothing is touched.
import { Redis } from "ioredis";
import type { RedisClient } from "../src/redis/redis-store.ts";

type Method = (...args: unknown[]) => Promise<unknown>;
type Send = (args: string[]) => Promise<unknown>;

export class RedisClock {
  #aheadMs = 0;
  #prefix = "";

  /** Back to the present, for a store of its own. */
  reset(prefix: string): void {
    this.#aheadMs = 0;
    this.#prefix = prefix;
  }

  /** Lets time pass for all keys of the store. */
  async advance(ports: readonly number[], ms: number): Promise<void> {
    this.#aheadMs += ms;
    for (const port of ports) {
      const node = new Redis(port, "127.0.0.1");
      for (const key of await node.keys(`${this.#prefix}*`)) {
        await node.pexpireat(key, (await node.pexpiretime(key)) - ms);
      }
      node.disconnect();
    }
  }

  /** A client whose scripts go by this clock. */
  wrap<Client extends RedisClient>(client: Client): Client {
    return new Proxy(client, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        const method = value.bind(target) as Method;
        if (name === "call") return (...args: string[]) => this.#send(args, (later) => method(...later));
        if (name !== "sendCommand") return method;
        return (...args: unknown[]) => {
          const at = args.findIndex((arg) => Array.isArray(arg));
          return this.#send(args[at] as string[], (later) => method(...args.with(at, later)));
        };
      },
    });
  }

  async #send(args: string[], send: Send): Promise<unknown> {
    const [command, text = "", ...rest] = args;
    if (this.#aheadMs === 0 || !command?.startsWith("EVAL")) return send(args);
    // The answer to a script that the server does not know: its text comes next.
    if (command === "EVALSHA") throw new Error("NOSCRIPT");
    return send(["EVAL", this.#later(text), ...rest]);
  }

  #later(text: string): string {
    const later = text
      .replace("math.floor(time[2] / 1000)", `$& + ${this.#aheadMs}`)
      .replaceAll("redis.call('PEXPIREAT', key, at)", `redis.call('PEXPIREAT', key, at - ${this.#aheadMs})`);
    const expiring = later.split("PEXPIREAT").length - 1;
    const changed = later.split(`at - ${this.#aheadMs})`).length - 1;
    if (!later.includes(`+ ${this.#aheadMs}`) || expiring !== changed) {
      throw new Error("the scripts tell the time, or let a key expire, in a way unknown to this clock");
    }
    return later;
  }
}
