-- Answers what the page shows; changes nothing.
-- KEYS: grants, state, waiting; ARGV: now in ms (0: the time of Redis)
-- Answers {now, used, paused until, standing still until, then one waiting lane after the other}.
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local out = {
  now, redis.call('ZCOUNT', KEYS[1], string.format('%.0f', now - 60000), '+inf'),
  tonumber(redis.call('HGET', KEYS[2], 'pause')) or 0, tonumber(redis.call('HGET', KEYS[2], 'hold')) or 0,
}
local lanes = { clicks = 5, statuses = 6, orders = 7, background = 8 }
for i = 5, 8 do out[i] = 0 end
for _, w in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], string.format('(%.0f', now), '+inf')) do
  local i = lanes[string.match(w, '^%a+')]
  if i then out[i] = out[i] + 1 end
end
return out
