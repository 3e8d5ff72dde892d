// The Lua scripts for one session each. A session is a hash with these fields; every script touches this one key only, so
// that it runs on a Cluster, and goes by the server's clock. Redis runs a script as a whole: no other command, and no
// expiry, comes in between.
//
//   h secret's hash   c created   s last seen   e end of its lifetime   n bytes of its data
//   x tokens of the last exchanges
//   u user   a when the user logged in   g the user's generation then   i address   b user agent
//   d:<key> a value as JSON
//
// @see https://redis.io/docs/latest/develop/programmability/eval-intro/
import { type Script, scriptOf } from "./redis-client.ts";

const PRELUDE = `
local key = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function holds(hash)
  return redis.call('HGET', key, 'h') == hash
end

local function note_seen(lifetime_end)
  redis.call('HSET', key, 's', now, 'e', lifetime_end)
end

-- The key ends with the lifetime, or earlier when the session idles; an idle time below 0 is none. It may end here and now:
-- whatever were written after this would make a new key, without an end.
local function prolong(lifetime_end, idle)
  local at = tonumber(lifetime_end)
  idle = tonumber(idle)
  if idle >= 0 and now + idle < at then at = now + idle end
  redis.call('PEXPIREAT', key, at)
end

local function see(lifetime_end, idle)
  note_seen(lifetime_end)
  prolong(lifetime_end, idle)
end

-- Changes stand in ARGV from 'first' on: the number of pairs, the pairs, the keys to remove.
-- Gives false, and writes nothing, when the data would be larger than 'most' bytes.
local function write(first, most)
  if #ARGV == first and ARGV[first] == '0' then return true end
  local size = tonumber(redis.call('HGET', key, 'n') or 0)
  local last = first + 2 * ARGV[first]
  for i = first + 1, last, 2 do
    local before = redis.call('HSTRLEN', key, 'd:' .. ARGV[i])
    size = size + #ARGV[i + 1] - before
    if before == 0 then size = size + #ARGV[i] end
  end
  for i = last + 1, #ARGV do
    local before = redis.call('HSTRLEN', key, 'd:' .. ARGV[i])
    if before > 0 then size = size - before - #ARGV[i] end
  end
  if size > tonumber(most) then return false end
  redis.call('HSET', key, 'n', size)
  for i = first + 1, last, 2 do redis.call('HSET', key, 'd:' .. ARGV[i], ARGV[i + 1]) end
  for i = last + 1, #ARGV do redis.call('HDEL', key, 'd:' .. ARGV[i]) end
  return true
end

local function login(user, generation, ip, agent)
  redis.call('HDEL', key, 'i', 'b')
  redis.call('HSET', key, 'u', user, 'a', now, 'g', generation)
  if ip ~= '' then redis.call('HSET', key, 'i', ip) end
  if agent ~= '' then redis.call('HSET', key, 'b', agent) end
end
`;

const script = (body: string): Script => scriptOf(PRELUDE + body);

/** unique, hash, ttl, idle, user, generation, ip, agent, changes → now, or nil when in use. */
export const INSERT: Script = script(`
if ARGV[1] == '1' and redis.call('EXISTS', key) == 1 then return false end
redis.call('HSET', key, 'h', ARGV[2], 'c', now)
if ARGV[5] ~= '' then login(ARGV[5], ARGV[6], ARGV[7], ARGV[8]) end
write(9, math.huge)
see(now + ARGV[3], ARGV[4])
return now
`);

/**
 * hash, milliseconds between two writes of "last seen", idle → { touched, fields and values }, or nil. Where nothing can be
 * written, because Redis is out of memory or a replica, it is read all the same.
 */
export const FIND: Script = script(`
if not holds(ARGV[1]) then return false end
local times = redis.call('HMGET', key, 's', 'e')
local seen, lifetime_end, touched = tonumber(times[1] or ''), tonumber(times[2] or ''), 0
if seen and lifetime_end and now - seen >= tonumber(ARGV[2]) then
  if pcall(note_seen, times[2]) then touched = 1 end
  -- Out of memory, Redis still takes this, so that who is active does not idle out meanwhile.
  pcall(prolong, times[2], ARGV[3])
end
return { touched, redis.call('HGETALL', key) }
`);

/** hash, idle → now, or nil. */
export const TOUCH: Script = script(`
if not holds(ARGV[1]) then return false end
see(redis.call('HGET', key, 'e'), ARGV[2])
return now
`);

/** hash, next hash, most bytes, changes → 1, 0 when it is gone, -1 when it would be too large. */
export const WRITE: Script = script(`
if not holds(ARGV[1]) and not holds(ARGV[2]) then return 0 end
if not write(4, ARGV[3]) then return -1 end
if ARGV[1] ~= ARGV[2] then redis.call('HSET', key, 'h', ARGV[2]) end
return 1
`);

/** hash, next hash, ttl, idle, user, generation, ip, agent, most bytes, changes → { 1, now, created, user before } or as WRITE. */
export const LOGIN: Script = script(`
if not holds(ARGV[1]) and not holds(ARGV[2]) then return { 0 } end
if not write(10, ARGV[9]) then return { -1 } end
local before = redis.call('HMGET', key, 'c', 'u')
redis.call('HSET', key, 'h', ARGV[2])
login(ARGV[5], ARGV[6], ARGV[7], ARGV[8])
see(now + ARGV[3], ARGV[4])
return { 1, now, before[1], before[2] or '' }
`);

/** hash, key → { 1, value } or { 0 }. */
export const PEEK: Script = script(`
if not holds(ARGV[1]) then return { 0 } end
return { 1, redis.call('HGET', key, 'd:' .. ARGV[2]) or '' }
`);

/**
 * hash, key, expected value, token, most bytes, changes → { 1 }, { 2, value } when it is another, or as WRITE. No value is ''.
 *
 * A client that lost its connection before the answer came may send the same again: the tokens of the last eight exchanges tell
 * what has been done already.
 */
export const EXCHANGE: Script = script(`
if not holds(ARGV[1]) then return { 0 } end
local done = redis.call('HGET', key, 'x') or ''
if string.find(done, ARGV[4], 1, true) then return { 1 } end
local value = redis.call('HGET', key, 'd:' .. ARGV[2]) or ''
if value ~= ARGV[3] then return { 2, value } end
if not write(6, ARGV[5]) then return { -1 } end
redis.call('HSET', key, 'x', string.sub(ARGV[4] .. done, 1, 8 * #ARGV[4]))
return { 1 }
`);

/** hash → the user, '' for none; nil when there is no such session. */
export const REMOVE: Script = script(`
if not holds(ARGV[1]) then return false end
local user = redis.call('HGET', key, 'u') or ''
redis.call('DEL', key)
return user
`);

/** user → 1 when it was the user's. */
export const REMOVE_OF_USER: Script = script(`
if redis.call('HGET', key, 'u') ~= ARGV[1] then return 0 end
return redis.call('DEL', key)
`);

/** user, generation: the session outlives what ends the older generations. */
export const SPARE: Script = script(`
if redis.call('HGET', key, 'u') == ARGV[1] then redis.call('HSET', key, 'g', ARGV[2]) end
`);

/** user → what a list shows of a session, or nil when it is not the user's. */
export const DESCRIBE: Script = script(`
if redis.call('HGET', key, 'u') ~= ARGV[1] then return false end
return redis.call('HMGET', key, 'c', 's', 'e', 'i', 'b')
`);
