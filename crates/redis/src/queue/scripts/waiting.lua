-- ARGV 1 most tasks. They stay where they are.
local room = tonumber(ARGV[1])
local shown = {}

local function show(priority, fields)
  shown[#shown + 1] = { priority, fields }
  room = room - 1
end

for priority = 1, 4 do
  local line = KEYS[priority]
  local _, last = taken(line)
  local entries = room > 0 and redis.call('XRANGE', line, '(' .. last, '+', 'COUNT', room) or {}
  for _, entry in ipairs(entries) do show(priority, entry[2]) end
end
local later = room > 0 and redis.call('ZRANGE', DUE, 0, room - 1) or {}
for _, member in ipairs(later) do
  local priority, id = string.match(member, '^([1-4]) (%d+%-%d+)$')
  local entry = id and redis.call('XRANGE', LATER, id, id)[1]
  if entry then show(tonumber(priority), entry[2]) end
end
return { now, shown }
