/**
 * One run among many instances, by Redis or Valkey. The claim of a slot is a key that nobody deletes, because a slower
 * instance may reach that slot later. Redis' own clock decides when a slot is too old to claim, so no instance's clock can
 * run a slot twice.
 *
 * @see https://redis.io/docs/latest/commands/set/
 * @see https://redis.io/docs/latest/develop/programmability/eval-intro/
 */
import { checkOptions, typeOf, withMethods } from "../values/check.ts";
import type { Lease, Once, Slot } from "./once.ts";
import { DEFAULT_LEASE, type OnceOptions, qualify, SHARED_CHECKS } from "./shared-options.ts";

/** The part of a node-redis client, or cluster, that is needed here. */
export interface NodeRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** The part of an ioredis client, or cluster, that is needed here. */
export interface IoredisClient {
  /** Tells it from node-redis. */
  call: unknown;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** Options of {@link redisOnce}. */
export interface RedisOnceOptions extends OnceOptions {
  /** The prefix of all keys. Default: `hatcheck:once:` */
  prefix?: string;
}

/** `isMine` says whether the slot is the claimant's, and makes it so when it is nobody's. */
const SLOT = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function isMine()
  local left = ARGV[2] + ARGV[3] - now
  if left < 1 then return false end
  if redis.call("SET", KEYS[1], ARGV[1], "NX", "PX", string.format("%.0f", left)) then return true end
  return redis.call("GET", KEYS[1]) == ARGV[1]
end
`;
const CLAIM = `${SLOT}return isMine() and 1 or 0`;
/** The lease is a hash that outlives it, for the token; that is the time too, so that losing it does no harm. */
const CLAIM_EXCLUSIVE = `${SLOT}
local claimed = redis.call("GET", KEYS[1])
if claimed and claimed ~= ARGV[1] then return "claimed" end
local holder, ends, token = unpack(redis.call("HMGET", KEYS[2], "holder", "ends", "token"))
local isHeld = tonumber(ends or 0) > now
if isHeld and holder ~= ARGV[1] then return "busy" end
if not isMine() then return "claimed" end
if holder ~= ARGV[1] then token = string.format("%.0f", math.max(tonumber(token or 0) + 1, now)) end
redis.call("HSET", KEYS[2], "holder", ARGV[1], "ends", string.format("%.0f", now + ARGV[4]), "token", token)
redis.call("PEXPIRE", KEYS[2], string.format("%.0f", ARGV[4] + 2592000000))
return token`;
/** A renewal that comes after its release, on another connection, must not take the lease again. */
const RENEW = `
local holder, ends = unpack(redis.call("HMGET", KEYS[1], "holder", "ends"))
if holder ~= ARGV[1] or ends == "0" then return 0 end
local time = redis.call("TIME")
redis.call("HSET", KEYS[1], "ends", string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]))
return 1`;
const RELEASE = `
if redis.call("HGET", KEYS[1], "holder") == ARGV[1] then redis.call("HSET", KEYS[1], "ends", "0") end
return 1`;

/**
 * Runs each slot of a task on one instance only. The instances share a Redis. That holds as long as Redis keeps its
 * data: switch on its persistence, and let it evict nothing.
 *
 * @param client a connected client of node-redis or ioredis
 * @throws {TypeError} when the client has no `eval`, there is no such option, or its value is of a wrong type
 * @throws {RangeError} when the value of an option is out of its range
 */
export function redisOnce(client: NodeRedisClient | IoredisClient, options: RedisOnceOptions = {}): Once {
  withMethods("a client of node-redis or ioredis", "eval")(client, "redisOnce(): its client");
  checkOptions("redisOnce()", options, { prefix: typeOf("string"), ...SHARED_CHECKS });
  const { prefix = "hatcheck:once:", namespace, exclusive = false, leaseMs = DEFAULT_LEASE } = options;
  const run = (script: string, keys: string[], values: (string | number)[]): Promise<unknown> => {
    const texts = values.map(String);
    return "call" in client
      ? client.eval(script, keys.length, ...keys, ...texts)
      : client.eval(script, { keys, arguments: texts });
  };
  // The braces put a task's slots and lease on one node of a cluster.
  const base = (name: string) => `${prefix}{${qualify(namespace, name)}}:`;
  const slotKey = ({ name, scheduledAt }: Slot) => base(name) + scheduledAt.getTime();

  return {
    exclusive,
    async claim(slot) {
      const values = [slot.claimant, slot.scheduledAt.getTime(), Math.ceil(slot.keepMs)];
      return (await run(CLAIM, [slotKey(slot)], values)) === 1;
    },
    async claimExclusive(slot) {
      const { claimant, scheduledAt, keepMs } = slot;
      const lease = `${base(slot.name)}lease`;
      const reply = String(
        await run(
          CLAIM_EXCLUSIVE,
          [slotKey(slot), lease],
          [claimant, scheduledAt.getTime(), Math.ceil(keepMs), leaseMs],
        ),
      );
      if (reply === "claimed" || reply === "busy") return reply;
      return {
        fencingToken: Number(reply),
        leaseMs,
        renew: async () => (await run(RENEW, [lease], [claimant, leaseMs])) === 1,
        release: async () => void (await run(RELEASE, [lease], [claimant])),
      } satisfies Lease;
    },
  };
}
