// Which sessions a user has. The index is in another slot than the sessions, so nothing can change both in one step. It is
// kept right like this:
//
// - A login enters its session in the index, then writes the session, then confirms the entry, and only then is the new id
//   given out. Whatever is cut off in between leaves an entry without a session, which listing removes, or a session whose
//   id nobody has, which expires.
// - Every user has a generation. A login reads it first and writes it into the session; ending all sessions of a user raises
//   it first. A login that began before and confirms after finds that out, and ends its own session.
// - Loading a session confirms its entry as often as it writes "last seen" (once a minute, or per tenth of the idle time):
//   an entry that was lost is made again, and a session that was missed when all were ended, by a crash half-way, ends.
//
// The index is a sorted set: handles, each with a time at which its session will have expired, and the generation, as a member
// '' with a score below 0. When all were ended with a stamp, there is a member '=' with the time until which it counts and the
// stamp, with a score of -0.5. It expires with its last session.
import { STAMP_MS } from "../model/login.ts";
import { type Args, type RedisConnection, type Script, scriptOf } from "./redis-client.ts";

/** Milliseconds that an entry outlives its session: the clocks of two nodes may differ. */
const SPARE_MS = 60_000;

const PRELUDE = `
local key = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whoever sent this has given it up by then, and was told so: whatever has kept it, it must not be done any more.
if now > tonumber(table.remove(ARGV)) then return redis.error_reply('HATCHECKLATE ' .. now) end
local generation = -(redis.call('ZSCORE', key, '') or 0)
-- Where nothing can be written, the rest can still be read.
redis.pcall('ZREMRANGEBYSCORE', key, 1, now)

-- Whether logins that come with this stamp are too late.
local function is_stale(stamp)
  if stamp == '' then return false end
  local known = redis.call('ZRANGEBYSCORE', key, '(-1', '(0')[1]
  if not known then return false end
  local till, of = string.match(known, '^=(%d+) (.*)$')
  return tonumber(till) > now and of ~= stamp
end

local function keep_until(at)
  local left = redis.call('PTTL', key)
  if left < 0 or now + left < at then redis.call('PEXPIREAT', key, at) end
end
`;

const script = (body: string): Script => scriptOf(PRELUDE + body);

const ENTER_PRELUDE = `
if is_stale(ARGV[4]) then return -2 end
if ARGV[3] ~= '' and tonumber(ARGV[3]) < generation then return -1 end

local function enter()
  local score = now + ARGV[2]
  local before = tonumber(redis.call('ZSCORE', key, ARGV[1]) or 0)
  if before >= score then score = before + 1 end
  redis.call('ZADD', key, score, ARGV[1])
  keep_until(score)
end
`;

/**
 * handle, milliseconds, generation, stamp → the user's generation, -1 when it is above the given one, -2 when the stamp comes too
 * late. An entry that is made
 * again has a higher score than before: whoever took it for stale must not remove it now.
 */
const ENTER = script(`${ENTER_PRELUDE}
enter()
return generation
`);

/** The same for a session that is only read: that its entry cannot be made again now is no reason to fail. */
const CONFIRM = script(`${ENTER_PRELUDE}
pcall(enter)
return generation
`);

/** → handles and scores. */
const ENTRIES = script(`
return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
`);

/** → a generation above the present one, and above those that were lost with an index. */
const NEXT = script(`
return math.max(generation + 1, now)
`);

/** generation, milliseconds, stamp, milliseconds that it counts → handles and scores. */
const RAISE = script(`
redis.call('ZADD', key, -math.max(generation, ARGV[1]), '')
keep_until(now + ARGV[2])
if ARGV[3] ~= '' then
  redis.call('ZREMRANGEBYSCORE', key, '(-1', '(0')
  redis.call('ZADD', key, -0.5, '=' .. string.format('%d', now + ARGV[4]) .. ' ' .. ARGV[3])
  keep_until(now + ARGV[4])
end
return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
`);

/** handles and scores: removes those entries that are still the same. */
const DROP = script(`
for i = 1, #ARGV, 2 do
  if redis.call('ZSCORE', key, ARGV[i]) == ARGV[i + 1] then redis.call('ZREM', key, ARGV[i]) end
end
`);

/** handle */
const LEAVE = script(`
redis.call('ZREM', key, ARGV[1])
`);

/** An entry of the index. */
export interface Entry {
  readonly handle: string;
  readonly score: string;
}

export class RedisUserIndex {
  readonly #redis: RedisConnection;
  readonly #prefix: string;

  /** @param prefix what the keys of the index begin with */
  constructor(redis: RedisConnection, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** Enters a session that is going to be written, and gives the generation to write into it. */
  async enter(
    userId: string,
    handle: string,
    lifetimeMs: number,
    stamp: string | undefined,
  ): Promise<number | "stamp"> {
    const answer = Number(await this.#run(ENTER, userId, [handle, lifetimeMs + SPARE_MS, "", stamp ?? ""]));
    return answer === -2 ? "stamp" : answer;
  }

  /** Makes sure of the entry of a session. Otherwise the session's generation is over, or its stamp. */
  async confirm(
    userId: string,
    handle: string,
    lifetimeMs: number,
    generation: number,
    stamp?: string | undefined,
  ): Promise<"confirmed" | "over" | "stamp"> {
    const args = [handle, lifetimeMs + SPARE_MS, generation, stamp ?? ""];
    const answer = Number(await this.#run(ENTER, userId, args));
    if (answer >= 0) return "confirmed";
    return answer === -2 ? "stamp" : "over";
  }

  /** The same for a session that is only read. It does not fail where Redis takes no writes. */
  async isCurrent(userId: string, handle: string, lifetimeMs: number, generation: number): Promise<boolean> {
    const args = [handle, lifetimeMs + SPARE_MS, generation, ""];
    return Number(await this.#redis.read(CONFIRM, this.#prefix + userId, args)) >= 0;
  }

  async entries(userId: string): Promise<Entry[]> {
    return entriesOf(await this.#redis.read(ENTRIES, this.#prefix + userId, []));
  }

  async nextGeneration(userId: string): Promise<number> {
    return Number(await this.#run(NEXT, userId, []));
  }

  /** Ends all generations below this one, and gives the entries. */
  async raise(
    userId: string,
    generation: number,
    lifetimeMs: number,
    stamp: string | undefined,
  ): Promise<Entry[]> {
    const args = [generation, lifetimeMs + SPARE_MS, stamp ?? "", STAMP_MS];
    return entriesOf(await this.#run(RAISE, userId, args));
  }

  /** Removes entries, except those that were made again meanwhile. */
  async drop(userId: string, entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const args = entries.flatMap(({ handle, score }) => [handle, score]);
    await this.#run(DROP, userId, args);
  }

  /** Removes the entry of a session that is gone. It would be found stale otherwise: no reason to fail. */
  async leave(userId: string, handle: string): Promise<void> {
    await this.#run(LEAVE, userId, [handle]).catch(() => undefined);
  }

  #run(lua: Script, userId: string, args: Args): Promise<unknown> {
    return this.#redis.run(lua, this.#prefix + userId, args);
  }
}

function entriesOf(reply: unknown): Entry[] {
  const flat = reply as string[];
  const entries: Entry[] = [];
  for (let index = 0; index < flat.length; index += 2) {
    const handle = flat[index] ?? "";
    if (handle !== "" && !handle.startsWith("=")) entries.push({ handle, score: flat[index + 1] ?? "" });
  }
  return entries;
}
