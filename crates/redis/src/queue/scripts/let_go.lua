-- What was taken for somebody who had left by then goes back to its place, as though it had been held for too long, and
-- this delivery of it never was.
--
-- ARGV 1 the consumer · 2 the visibility, in milliseconds · then for each task its priority, its id and its delivery
for i = 3, #ARGV, 3 do
  local line, id = KEYS[tonumber(ARGV[i])], ARGV[i + 1]
  local held = redis.pcall('XPENDING', line, GROUP, id, id, 1)
  if not held.err and held[1] and held[1][2] == ARGV[1] and held[1][4] == tonumber(ARGV[i + 2]) then
    redis.call('XCLAIM', line, GROUP, ARGV[1], 0, id, 'IDLE', ARGV[2], 'RETRYCOUNT', held[1][4] - 1, 'JUSTID')
  end
end
redis.call('HDEL', STATE, 'look')
ring()
return { now }
