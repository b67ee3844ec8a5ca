-- ARGV 1 the consumer · 2 most tasks · 3 the visibility, in milliseconds
local CONSUMER, VISIBILITY = ARGV[1], tonumber(ARGV[3])
local PROMOTED_MOST = 500
local HEAD = 100
local FORGOTTEN_MOST = 100

local room = tonumber(ARGV[2])
local batch = {}

-- What is due enters its line.
local function promote()
  for _, member in ipairs(redis.call('ZRANGE', DUE, '-inf', text(now), 'BYSCORE', 'LIMIT', 0, PROMOTED_MOST)) do
    local priority, id = string.match(member, '^([1-4]) (%d+%-%d+)$')
    local entry = id and redis.call('XRANGE', LATER, id, id)[1]
    if entry then
      add(tonumber(priority), entry[2], 0)
      redis.call('XDEL', LATER, id)
    end
    redis.call('ZREM', DUE, member)
  end
end

-- A command of the group, which is made where it is missing: by the first who comes, or after a server lost everything.
local function grouped(line, ...)
  local answer = redis.pcall(...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if not string.find(answer.err, 'NOGROUP', 1, true) then error(answer) end
  redis.call('XGROUP', 'CREATE', line, GROUP, '0')
  return redis.call(...)
end

local function keep(priority, entry, delivery)
  batch[#batch + 1] = { priority, entry[1], delivery, entry[2] }
  room = room - 1
end

-- Takes over what was held for too long. What somebody deleted is forgotten by XCLAIM.
local function reclaim(priority, line)
  local ids, deliveries = {}, {}
  for _, held in ipairs(grouped(line, 'XPENDING', line, GROUP, 'IDLE', VISIBILITY, '-', '+', room)) do
    ids[#ids + 1] = held[1]
    deliveries[held[1]] = held[4] + 1
  end
  if #ids == 0 then return end
  for _, entry in ipairs(redis.call('XCLAIM', line, GROUP, CONSUMER, VISIBILITY, unpack(ids))) do
    keep(priority, entry, deliveries[entry[1]])
  end
end

-- When something of a line may have been held for too long, by those who were delivered first.
local function overdue_at(line)
  local head = redis.call('XPENDING', line, GROUP, '-', '+', HEAD)
  -- Behind a longer head may be one that is older by its delivery, so it is looked at again soon.
  local at = now + VISIBILITY * (#head == HEAD and 250 or 1000)
  for _, held in ipairs(head) do at = math.min(at, now + (VISIBILITY - held[3]) * 1000) end
  return at
end

-- Consumers that are gone, each a process, would pile up. One that is alive and loses its name has it again with its
-- next task.
local function forget(line)
  local forgotten = 0
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', line, GROUP)) do
    local name, held, idle = get(consumer, 'name'), get(consumer, 'pending'), get(consumer, 'idle')
    if held == 0 and idle >= VISIBILITY and name ~= CONSUMER and forgotten < FORGOTTEN_MOST then
      redis.call('XGROUP', 'DELCONSUMER', line, GROUP, name)
      forgotten = forgotten + 1
    end
  end
end

local function take(priority, line)
  if room == 0 or redis.call('XLEN', line) == 0 then return end
  local read = grouped(line, 'XREADGROUP', 'GROUP', GROUP, CONSUMER, 'COUNT', room, 'STREAMS', line, '>')
  if not read then return end
  for _, entry in ipairs(read[1][2]) do keep(priority, entry, 1) end
end

promote()
-- Nothing is overdue before this time. It is never further away than the visibility, so what is taken from now on is
-- not overdue before it either; one that is further was written by a clock that was set back.
local look = tonumber(redis.call('HGET', STATE, 'look') or 0)
local looks = look <= now or look > now + VISIBILITY * 1000
local next_look = now + VISIBILITY * 1000
for priority = 1, 4 do
  local line = KEYS[priority]
  if looks and redis.call('EXISTS', line) == 1 then
    if room > 0 then reclaim(priority, line) end
    if room > 0 then
      forget(line)
      next_look = math.min(next_look, overdue_at(line))
    else
      next_look = now
    end
  end
  take(priority, line)
end
if looks then
  look = next_look
  redis.call('HSET', STATE, 'look', text(look))
end
if #batch > 0 then return { now, batch } end

-- Nothing is there: what to wait for, and from where on.
local first = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')[2]
local ids = {}
for priority = 1, 4 do
  local _, last = taken(KEYS[priority])
  ids[priority] = last
end
local rung = redis.call('XREVRANGE', BELL, '+', '-', 'COUNT', 1)[1]
ids[5] = rung and rung[1] or '0-0'
return { now, batch, math.max(math.min(look, tonumber(first or look)) - now, 0), ids }
