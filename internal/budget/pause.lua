-- Stops an account. The longest pause asked for counts.
-- KEYS: state; ARGV: ms to pause, now in ms (0: the time of Redis)
local now = tonumber(ARGV[2])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local till = now + tonumber(ARGV[1])
if till > (tonumber(redis.call('HGET', KEYS[1], 'pause')) or 0) then
  redis.call('HSET', KEYS[1], 'pause', string.format('%.0f', till))
  redis.call('PEXPIRE', KEYS[1], 7200000)
end
return 0
