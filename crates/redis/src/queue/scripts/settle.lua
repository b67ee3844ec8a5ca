-- Ends deliveries, each by itself.
--
-- ARGV 1 most tasks in quarantine · then for each delivery: priority · id · consumer · delivery · done, retry, back or aside
--      the delay, or the reason
local FIELDS_MOST = 4000

local function aside(priority, fields, reason)
  local last = 0
  if redis.call('EXISTS', QUARANTINE) == 1 then
    last = tonumber(string.match(get(redis.call('XINFO', 'STREAM', QUARANTINE), 'last-generated-id'), '^%d+'))
  end
  set(fields, 'priority', priority)
  set(fields, 'reason', reason)
  -- The id is the time, and never given twice.
  redis.call('XADD', QUARANTINE, 'MAXLEN', ARGV[1], text(math.max(now, last + 1)) .. '-0', unpack(fields))
end

-- Enters the task anew, as its holder says.
local function comes_back(priority, fields, delivery, how, more)
  -- Lua's stack has no room for more than 8000, and an entry of somebody else may have more.
  for i = #fields, FIELDS_MOST + 1, -1 do fields[i] = nil end
  local unsettled = tonumber(get(fields, 'unsettled')) or 0
  if how ~= 'back' then
    set(fields, 'attempts', text(math.min((tonumber(get(fields, 'attempts')) or 0) + 1, 4294967295)))
  end
  if how == 'retry' then
    -- Its holder carried it out, and is still there.
    if unsettled > 0 then set(fields, 'unsettled', '0') end
  elseif delivery > 1 then
    -- The entry that comes back is a new one, delivered never yet.
    set(fields, 'unsettled', text(unsettled + delivery - 1))
  end
  if how == 'aside' then
    aside(priority, fields, more)
  else
    add(priority, fields, tonumber(more))
  end
end

local function settle(priority, id, consumer, delivery, how, more)
  local line = KEYS[priority]
  local held = redis.pcall('XPENDING', line, GROUP, id, id, 1)
  if held.err then
    -- A server that lost everything has no such delivery.
    return string.find(held.err, 'NOGROUP', 1, true) and 0 or held
  end
  if not held[1] or held[1][2] ~= consumer or held[1][4] ~= tonumber(delivery) then return 0 end

  local ended = 1
  if how ~= 'done' then
    local entry = redis.call('XRANGE', line, id, id)[1]
    -- Somebody may have deleted it: there is nothing to bring back.
    if entry then comes_back(priority, entry[2], held[1][4], how, more) else ended = 0 end
  end
  -- Last: where the above raises, the task is still held, and delivered again.
  redis.call('XACK', line, GROUP, id)
  redis.call('XDEL', line, id)
  return ended
end

local answers = { now }
for i = 2, #ARGV, 6 do
  local well, answer = pcall(settle, tonumber(ARGV[i]), unpack(ARGV, i + 1, i + 5))
  -- What one of them raises is its own answer.
  if not well and type(answer) ~= 'table' then answer = { err = tostring(answer) } end
  answers[#answers + 1] = answer
end
return answers
