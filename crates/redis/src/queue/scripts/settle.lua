-- ARGV 1 priority · 2 id · 3 consumer · 4 delivery · 5 done, retry, back or aside · 6 the delay, or the reason
--      7 most tasks in quarantine
local PRIORITY, ID, HOW = tonumber(ARGV[1]), ARGV[2], ARGV[5]
local LINE = KEYS[PRIORITY]
local FIELDS_MOST = 4000

local function aside(fields)
  local last = 0
  if redis.call('EXISTS', QUARANTINE) == 1 then
    last = tonumber(string.match(get(redis.call('XINFO', 'STREAM', QUARANTINE), 'last-generated-id'), '^%d+'))
  end
  set(fields, 'priority', PRIORITY)
  set(fields, 'reason', ARGV[6])
  -- The id is the time, and never given twice.
  redis.call('XADD', QUARANTINE, 'MAXLEN', ARGV[7], text(math.max(now, last + 1)) .. '-0', unpack(fields))
end

local held = redis.pcall('XPENDING', LINE, GROUP, ID, ID, 1)
if held.err then
  -- A server that lost everything has no such delivery.
  return string.find(held.err, 'NOGROUP', 1, true) and { now, 0 } or held
end
if not held[1] or held[1][2] ~= ARGV[3] or held[1][4] ~= tonumber(ARGV[4]) then return { now, 0 } end

local entry = HOW ~= 'done' and redis.call('XRANGE', LINE, ID, ID)[1]
redis.call('XACK', LINE, GROUP, ID)
redis.call('XDEL', LINE, ID)
if HOW == 'done' then return { now, 1 } end
-- Somebody deleted it: there is nothing to bring back.
if not entry then return { now, 0 } end
local fields = entry[2]
-- Lua's stack has no room for more than 8000, and an entry of somebody else may have more.
for i = #fields, FIELDS_MOST + 1, -1 do fields[i] = nil end
-- The entry that comes back is a new one, delivered never yet.
if held[1][4] > 1 then set(fields, 'unsettled', text((tonumber(get(fields, 'unsettled')) or 0) + held[1][4] - 1)) end
if HOW == 'aside' then
  aside(fields)
  return { now, 1 }
end
if HOW == 'retry' then
  set(fields, 'attempts', text(math.min((tonumber(get(fields, 'attempts')) or 0) + 1, 4294967295)))
end
add(PRIORITY, fields, tonumber(ARGV[6]))
return { now, 1 }
