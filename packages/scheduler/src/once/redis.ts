/**
 * One run among many instances, by Redis or Valkey. The claim of a slot is one `SET … NX PX`. It is not deleted when
 * the run ends, since a slower instance may be yet to come to that slot; it expires by itself.
 *
 * @see https://redis.io/docs/latest/commands/set/
 */
import type { Once, Slot } from "./once.ts";

/** The part of a node-redis client, or cluster, that is needed here. */
export interface NodeRedisClient {
  set(key: string, value: string, options: { NX: true; PX: number }): Promise<unknown>;
}

/** The part of an ioredis client, or cluster, that is needed here. */
export interface IoredisClient {
  /** Tells it from node-redis. */
  call: unknown;
  set(key: string, value: string, px: "PX", milliseconds: number, nx: "NX"): Promise<unknown>;
}

/**
 * Lets each slot of a task be run by one instance only, by means of a Redis they share.
 *
 * @param client a connected client of node-redis or ioredis
 * @param options.prefix what the keys begin with. Default: `hatcheck:once:`
 */
export function redisOnce(
  client: NodeRedisClient | IoredisClient,
  { prefix = "hatcheck:once:" }: { prefix?: string } = {},
): Once {
  const set = (key: string, keepMs: number): Promise<unknown> =>
    "call" in client
      ? client.set(key, "", "PX", keepMs, "NX")
      : client.set(key, "", { NX: true, PX: keepMs });
  return {
    async claim({ name, scheduledAt, keepMs }: Slot) {
      const reply = await set(`${prefix}${name}:${scheduledAt.getTime()}`, Math.ceil(keepMs));
      return reply !== null;
    },
  };
}
