-- Grants one request, or answers how long to wait before asking again.
-- KEYS: grants (sorted set: "lane:number" by time), state (hash), waiting (sorted set: "lane:ticket" by end of registration)
-- ARGV: limit, lane, ticket ("" when asking for the first time), now in ms (0: the time of Redis),
--       "1" when nothing was granted for more than a minute for sure, ms to stand still when that is not known,
--       ms a registration lasts
-- Answers {ms to wait (0: granted), ticket}.
local limit, lane, ticket = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local fresh, cold, keep = ARGV[5] == '1', tonumber(ARGV[6]), tonumber(ARGV[7])
local now = tonumber(ARGV[4])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
-- Times are cut to the millisecond, so a grant counts for one more than 60 s.
local window = 60001
local slot = window / limit

local function text(ms) return string.format('%.0f', ms) end
local f = redis.call('HMGET', KEYS[2], 'server', 'hold', 'pause', 'turn', 'newest', 'hungry', 'back')
local server, hold, pause, turn = f[1], tonumber(f[2]), tonumber(f[3]) or 0, f[4]
local newest, hungry, back = tonumber(f[5]), tonumber(f[6]), tonumber(f[7]) or 0

-- The grants that count, oldest first.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now - window))
local granted, at, background, statuses = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES'), {}, 0, 0
for i = 1, #granted, 2 do
  local score = tonumber(granted[i + 1])
  if score > now then -- the clock of Redis was set back: they count from now
    score = now
    redis.call('ZADD', KEYS[1], text(now), granted[i])
  end
  at[#at + 1] = score
  if string.sub(granted[i], 1, 10) == 'background' then background = background + 1 end
  if string.sub(granted[i], 1, 9) == 'statuses:' then statuses = statuses + 1 end
end
local used = #at
local free = limit - used
if newest and newest > now then newest = now end
if hungry and hungry > now then hungry = now end

-- What was granted is known as long as the state is there, was kept by this very server (one that
-- was restarted, or took over, may have lost the end of the story) and agrees with the grants.
local info = redis.pcall('INFO', 'server')
local id = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or server or ''
local lost = newest and newest > now - window and at[used] ~= newest
local moved = server and server ~= id
if not hold or lost or moved then hold = now + cold end
hold = math.min(hold, now + cold)
if fresh then hold = now end
redis.call('HSET', KEYS[2], 'hold', text(hold), 'server', id)
if lost then redis.call('HDEL', KEYS[2], 'newest') end
redis.call('PEXPIRE', KEYS[2], 7200000)

-- Who waits: in the lane before us, and in each lane beside us.
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', text(now))
local count, before = { clicks = 0, statuses = 0, orders = 0, background = 0 }, 0
for _, w in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  local l, n = string.match(w, '^(%a+):(%d+)$')
  if l and count[l] and not (l == lane and n == ticket) then
    count[l] = count[l] + 1
    if l == lane and (ticket == '' or tonumber(n) < tonumber(ticket)) then before = before + 1 end
  end
end

-- A twentieth of the limit is owed to background that found no slot for a minute and is about.
if hungry and now > back + 30000 then hungry = nil end
local owed = 0
if hungry and now - hungry >= 60000 and (lane == 'background' or now <= back) then
  owed = math.max(0, math.ceil(limit / 20) - background)
end

-- A third of the limit is for reading statuses at once. Beyond that they keep the background's pace, though they go
-- before it: a burst of webhooks must not take the slots of orders.
local burst = statuses >= math.max(1, math.floor(limit / 3))
local steady = lane == 'background' or lane == 'statuses' and burst

local gate = math.max(hold, pause)

-- frees answers when the n-th slot from now is free; n <= free means now.
local function frees(n)
  if n <= free then return now end
  return (at[math.min(n - free, used)] or now) + window
end

-- ahead answers how many interactive requests are served before this one: the lanes take
-- turns, beginning after the one served last. Statuses beyond their third have no turn.
local function ahead()
  local lanes, first, n, passed = { 'clicks', 'statuses', 'orders' }, 1, before, false
  for i, l in ipairs(lanes) do if l == turn then first = i + 1 end end
  for i = 0, 2 do
    local l = lanes[(first + i - 1) % 3 + 1]
    if l == lane then
      passed = true
    elseif not (l == 'statuses' and burst) then
      n = n + math.min(count[l], passed and before or before + 1)
    end
  end
  return n
end

-- paced answers when a steady lane may go if n requests go before: when a stream of
-- interactive requests, one per slot from then on, would still find a free slot each. That is so
-- once the m-th youngest grant is m slots old, for every m.
local function paced(n)
  local due = now
  for i = 1, used do due = math.max(due, at[i] + (used + 1 - i + n) * slot) end
  if n > 0 then due = math.max(due, frees(n) + slot) end
  return due
end

local due, ordinary = now, false
if steady then
  local n = count.clicks + count.orders
  if lane == 'background' then n = n + count.statuses else n = n + owed end
  if lane == 'background' and owed > 0 then
    due = frees(1)
  else
    due, ordinary = paced(n), lane == 'background'
    if due > now then -- those before us take the next slots; from a minute on something is owed
      due = due + before * slot
      if ordinary and n > 0 and hungry then due = math.min(due, math.max(hungry + 60000, now + slot)) end
    end
  end
else
  local place = ahead() + owed + 1
  if place > free then due = frees(place) end
end
due = math.ceil(math.max(due, gate))

if due <= now and free > 0 then
  local n = redis.call('HINCRBY', KEYS[2], 'number', 1)
  redis.call('ZADD', KEYS[1], text(now), lane .. ':' .. text(now) .. ':' .. n)
  redis.call('PEXPIRE', KEYS[1], window)
  redis.call('HSET', KEYS[2], 'newest', text(now))
  if ticket ~= '' then redis.call('ZREM', KEYS[3], lane .. ':' .. ticket) end
  if not steady then
    redis.call('HSET', KEYS[2], 'turn', lane)
  elseif ordinary then
    redis.call('HDEL', KEYS[2], 'hungry')
  end
  return { 0, '' }
end

local wait = math.max(1, due - now)
if ticket == '' then ticket = text(redis.call('HINCRBY', KEYS[2], 'number', 1)) end
redis.call('ZADD', KEYS[3], text(now + keep), lane .. ':' .. ticket)
redis.call('PEXPIRE', KEYS[3], window) -- those in it end sooner, by their scores
if lane == 'background' then
  redis.call('HSET', KEYS[2], 'hungry', text(hungry or now), 'back', text(math.max(back, now + wait + 5000)))
end
return { wait, ticket }
