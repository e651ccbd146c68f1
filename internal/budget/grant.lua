-- Grants one request or answers how many milliseconds to wait before asking again.
-- KEYS: grants (sorted set, score = time of grant), pause, waiting (interactive), since (memory began)
-- ARGV: limit per minute, lane ("interactive" or "background"), now in ms (0: the time of Redis)
local limit = tonumber(ARGV[1])
local slot = 60000 / limit
local t = redis.call('TIME')
local now = tonumber(ARGV[3])
if now == 0 then now = t[1] * 1000 + math.floor(t[2] / 1000) end

local pause = redis.call('PTTL', KEYS[2])
if pause > 0 then return pause end

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60000)
local used = redis.call('ZCARD', KEYS[1])
local background = ARGV[2] == 'background'

local function wait(ms)
  if not background then
    -- Tells background to keep away; forgotten soon, should the waiter die.
    redis.call('SET', KEYS[3], 1, 'PX', 2000)
  end
  return math.max(1, math.ceil(ms))
end

if used >= limit then
  local oldest = redis.call('ZRANGE', KEYS[1], used - limit, used - limit, 'WITHSCORES')
  return wait(tonumber(oldest[2]) + 60000 - now)
end

-- For a minute after Redis lost its memory it is not known what was granted before: no bursts.
if redis.call('SET', KEYS[4], now, 'NX', 'PX', 86400000) then
  redis.call('ZADD', KEYS[1], now, 'unknown')
elseif background and redis.call('EXISTS', KEYS[3]) == 1 then
  return wait(slot)
end
redis.call('PEXPIRE', KEYS[4], 86400000)
local cold = now - tonumber(redis.call('GET', KEYS[4])) < 60000

if background or cold then
  local newest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  if #newest > 0 and tonumber(newest[2]) + slot > now then
    return wait(tonumber(newest[2]) + slot - now)
  end
end

if not background then redis.call('DEL', KEYS[3]) end
-- The count makes the member unique among grants of one instant, also on a clock that stands still.
redis.call('ZADD', KEYS[1], now, now .. '.' .. t[2] .. '.' .. used)
redis.call('PEXPIRE', KEYS[1], 61000)
return 0
