-- ARGV 1 most tasks that may wait · 2 the format · then for each task its priority, its delay and its key
local waiting = redis.call('ZCARD', DUE)
for priority = 1, 4 do
  local held = taken(KEYS[priority])
  waiting = waiting + redis.call('XLEN', KEYS[priority]) - held
end
if waiting + (#ARGV - 2) / 3 > tonumber(ARGV[1]) then return { now, 0 } end
for i = 3, #ARGV, 3 do
  local fields = { 'format', ARGV[2], 'key', ARGV[i + 2], 'attempts', '0', 'pushed', text(now) }
  local delay = tonumber(ARGV[i + 1])
  -- A microsecond apart, what was delayed together keeps its order.
  if delay > 0 then delay = delay + (i - 3) / 3 end
  add(tonumber(ARGV[i]), fields, delay)
end
return { now, 1 }
