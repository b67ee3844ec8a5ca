-- The oldest is looked for among so many at the front of each line.
local FRONT = 100

local ready, held, oldest = 0, 0, now

local function look(entries)
  for _, entry in ipairs(entries) do
    local pushed = tonumber(get(entry[2], 'pushed')) or tonumber(string.match(entry[1], '^%d+')) * 1000
    oldest = math.min(oldest, pushed)
  end
end

for priority = 1, 4 do
  local line = KEYS[priority]
  local count, last = taken(line)
  ready = ready + math.max(redis.call('XLEN', line) - count, 0)
  held = held + count
  look(redis.call('XRANGE', line, '(' .. last, '+', 'COUNT', FRONT))
end
look(redis.call('XRANGE', LATER, '-', '+', 'COUNT', FRONT))
local delayed = redis.call('ZCARD', DUE)
return { now, ready, delayed, held, redis.call('XLEN', QUARANTINE), now - oldest }
