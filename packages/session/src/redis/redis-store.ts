// Sessions in Redis or Valkey: shared by several machines, a Cluster too.
import { isString } from "@hatcheck/core/options";
import type { JsonData } from "../model/json.ts";
import { settingsOf } from "../model/options.ts";
import { RedisBackend } from "./redis-backend.ts";
import { type RedisClient, RedisConnection } from "./redis-client.ts";
import { REMOTE_OPTIONS, type RemoteOptions, RemoteSessionStore, timeoutOf } from "../remote/remote-store.ts";

export type {
  IoredisClient,
  IoredisCluster,
  NodeRedisClient,
  NodeRedisCluster,
  RedisClient,
} from "./redis-client.ts";

export interface RedisOptions<Data> extends RemoteOptions<Data> {
  /** What its keys begin with; `hatcheck:session:` unless given. */
  prefix?: string;
}

/**
 * Sessions in Redis 5 or newer, or Valkey. Reading, saving and ending a session is one round trip; see the documentation
 * for what the rest costs.
 *
 *     const client = createClient({ url: "redis://localhost:6379" });
 *     client.on("error", console.error);
 *     await client.connect();
 *     const store = new RedisSessionStore(client, 3600);
 *
 * Redis removes expired sessions by itself: `purgeExpired` has nothing to do, and `len` and `isEmpty` go through all keys.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
 */
export class RedisSessionStore<
  Data extends JsonData<Data> = Record<string, string>,
> extends RemoteSessionStore<Data> {
  /**
   * @param client a connected client of node-redis (client, pool or cluster) or ioredis (`Redis` or `Redis.Cluster`)
   * @param options seconds that a session lives, or all options
   * @throws RangeError or TypeError for an option that is wrong
   */
  constructor(client: RedisClient, options: number | RedisOptions<Data>) {
    const settings = settingsOf<Data>("RedisSessionStore", options, {
      ...REMOTE_OPTIONS,
      prefix: isString,
    });
    const { prefix = "hatcheck:session:" } = typeof options === "number" ? {} : options;
    const redis = new RedisConnection(client, timeoutOf(options));
    super(settings, new RedisBackend(redis, prefix, settings));
  }
}
