// The Lua scripts for one session each. A session is a hash with these fields; every script touches this one key only, so
// that it runs on a Cluster, and goes by the server's clock. The last argument is the time until which it may begin. Redis runs a script as a whole: no other command, and no
// expiry, comes in between.
//
//   h secret's hash   c created   s last seen   e end of its lifetime   n bytes of its data
//   w when the secret was given out, if that was later   x tokens of the last exchanges
//   r replaced secrets: their hashes with the time when each is forgotten, below 0 where it opens nothing
//   u user   a when the user proved who they are   g the user's generation then   i address   b user agent
//   l the login's own lifetime   p 1 or 0, whether its cookie persists   t stamp   k, o who acts: user and handle
//   v what binds it to a device
//   d:<key> a value as JSON
//
// @see https://redis.io/docs/latest/develop/programmability/eval-intro/
import { type Script, scriptOf } from "./redis-client.ts";

const PRELUDE = `
local key = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whoever sent this has given it up by then, and was told so: whatever has kept it, it must not be done any more.
if now > tonumber(table.remove(ARGV)) then return redis.error_reply('HATCHECKLATE ' .. now) end

local function is_current(hash)
  return redis.call('HGET', key, 'h') == hash
end

-- Until when a replaced secret is remembered; below 0 when it opens nothing.
local function remembered(hash)
  local text = redis.call('HGET', key, 'r') or ''
  local _, last = string.find(text, hash .. ':', 1, true)
  return last and tonumber(string.match(text, '^-?%d+', last + 1)) or 0
end

local function holds(hash)
  return is_current(hash) or remembered(hash) > now
end

-- Puts another secret in the place of the present one, which is remembered for 'grace' milliseconds. Only a loop of renewals
-- has more than a few of those.
local function replace(hash, grace, strict)
  local known, count = '', 0
  local function remember(one, till)
    if count >= 16 then return end
    count = count + 1
    known = known .. one .. ':' .. string.format('%d', till) .. ' '
  end
  if grace > 0 then
    remember(redis.call('HGET', key, 'h'), strict and -(now + grace) or now + grace)
    for one, till in string.gmatch(redis.call('HGET', key, 'r') or '', '(%S+):(-?%d+)') do
      till = tonumber(till)
      if math.abs(till) > now then remember(one, strict and -math.abs(till) or till) end
    end
  end
  redis.call('HSET', key, 'h', hash, 'r', known, 'w', now)
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

-- From 'first' on stand user, generation, address, user agent, proof, lifetime, persistent, stamp, and who acts: user, handle.
-- What the same user was given before stays. Gives the lifetime.
local function login(first, ttl)
  local function field(offset) return ARGV[first + offset] end
  local same = redis.call('HGET', key, 'u') == field(0)
  redis.call('HDEL', key, 'a', 'i', 'b', 't', 'k', 'o')
  if not same then redis.call('HDEL', key, 'l', 'p', 'v') end
  redis.call('HSET', key, 'u', field(0), 'g', field(1))
  if field(4) == '1' then redis.call('HSET', key, 'a', now) end
  local names = { [2] = 'i', [3] = 'b', [5] = 'l', [6] = 'p', [7] = 't', [8] = 'k', [9] = 'o' }
  for offset, name in pairs(names) do
    if field(offset) ~= '' then redis.call('HSET', key, name, field(offset)) end
  end
  return tonumber(redis.call('HGET', key, 'l') or ttl)
end

-- What an answer says of a record's times.
local function times()
  local all = redis.call('HMGET', key, 'c', 's', 'e', 'w')
  return { now, all[1], all[2], all[3], all[4] or all[1] }
end
`;

const script = (body: string): Script => scriptOf(PRELUDE + body);

/** unique, hash, ttl, idle, login (10), changes → times, or nil when in use. */
export const INSERT: Script = script(`
if ARGV[1] == '1' and redis.call('EXISTS', key) == 1 then return false end
redis.call('HSET', key, 'h', ARGV[2], 'c', now)
local ttl = tonumber(ARGV[3])
if ARGV[5] ~= '' then ttl = login(5, ttl) end
write(15, math.huge)
see(now + ttl, ARGV[4])
return times()
`);

/**
 * hash, milliseconds between two writes of "last seen", idle → { now, touched, retired, fields and values }, or nil. Where
 * nothing can be written, because Redis is out of memory or a replica, it is read all the same.
 */
export const FIND: Script = script(`
local retired = 0
if not is_current(ARGV[1]) then
  if remembered(ARGV[1]) <= now then return false end
  retired = 1
end
local times = redis.call('HMGET', key, 's', 'e')
local seen, lifetime_end, touched = tonumber(times[1] or ''), tonumber(times[2] or ''), 0
if seen and lifetime_end and now - seen >= tonumber(ARGV[2]) then
  if pcall(note_seen, times[2]) then touched = 1 end
  -- Out of memory, Redis still takes this, so that who is active does not idle out meanwhile.
  pcall(prolong, times[2], ARGV[3])
end
return { now, touched, retired, redis.call('HGETALL', key) }
`);

/** hash, idle → now, or nil. */
export const TOUCH: Script = script(`
if not holds(ARGV[1]) then return false end
see(redis.call('HGET', key, 'e'), ARGV[2])
return now
`);

/** hash, most bytes, changes → 1, 0 when it is gone, -1 when it would be too large. */
export const WRITE: Script = script(`
if not holds(ARGV[1]) then return 0 end
if not write(3, ARGV[2]) then return -1 end
return 1
`);

/**
 * hash, next hash, grace, strict, extend, ttl, idle, most bytes, changes → { 1, replaced, times }, or as WRITE. A client that lost
 * its connection before the answer came may send the same again: then the next hash is there already.
 */
export const REPLACE: Script = script(`
local strict = ARGV[4] == '1'
local current, done = is_current(ARGV[1]), is_current(ARGV[2])
if not current and not done and (strict or remembered(ARGV[1]) <= now) then return { 0 } end
if not write(9, ARGV[8]) then return { -1 } end
if current then replace(ARGV[2], tonumber(ARGV[3]), strict) end
if ARGV[5] == '1' and redis.call('HEXISTS', key, 'u') == 1 then
  see(now + tonumber(redis.call('HGET', key, 'l') or ARGV[6]), ARGV[7])
end
return { 1, (current or done) and 1 or 0, times() }
`);

/**
 * hash, next hash, grace, ttl, idle, most bytes, login (10), changes
 * → { 1, emptied, user before, own lifetime, persistent, device, times }, or as WRITE.
 */
export const LOGIN: Script = script(`
local current, done = is_current(ARGV[1]), is_current(ARGV[2])
if not current and not done then return { 0 } end
local before = redis.call('HGET', key, 'u') or ''
local emptied = 0
if before ~= '' and before ~= ARGV[7] then
  emptied = 1
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, 2) == 'd:' then redis.call('HDEL', key, field) end
  end
  redis.call('HDEL', key, 'n')
elseif not write(17, ARGV[6]) then
  return { -1 }
end
if current then replace(ARGV[2], tonumber(ARGV[3]), true) end
see(now + login(7, ARGV[4]), ARGV[5])
local own = redis.call('HMGET', key, 'l', 'p', 'v')
return { 1, emptied, before, own[1] or '', own[2] or '', own[3] or '', times() }
`);

/** hash, expected text, next text → 1, 0 when it is another, -1 when the session is gone. No text is ''. */
export const EXCHANGE_DEVICE: Script = script(`
if not holds(ARGV[1]) then return -1 end
local present = redis.call('HGET', key, 'v') or ''
if present == ARGV[3] then return 1 end
if present ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', key, 'v') else redis.call('HSET', key, 'v', ARGV[3]) end
return 1
`);

/** hash → 1 when it was replaced a moment ago and opens nothing. */
export const WAS_REPLACED: Script = script(`
return -remembered(ARGV[1]) > now and 1 or 0
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

/** hash, or '' for whatever it has → the user, '' for none; nil when there is no such session. */
export const REMOVE: Script = script(`
if ARGV[1] == '' and redis.call('EXISTS', key) == 0 then return false end
if ARGV[1] ~= '' and not holds(ARGV[1]) then return false end
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

/** → what a list for administrators shows of a session, or nil when there is none. */
export const DESCRIBE_ANY: Script = script(`
if redis.call('EXISTS', key) == 0 then return false end
return redis.call('HMGET', key, 'c', 's', 'e', 'i', 'b', 'v', 'k', 'o', 'u')
`);

/** user → what a list shows of a session, or nil when it is not the user's. */
export const DESCRIBE: Script = script(`
if redis.call('HGET', key, 'u') ~= ARGV[1] then return false end
return redis.call('HMGET', key, 'c', 's', 'e', 'i', 'b', 'v', 'k', 'o')
`);
